/** Deterministic inputs, and the plain JavaScript tensors that the baseline works on. */

/** What a programmer writes without a library: the elements beside their shape. */
export class PlainTensor {
  constructor(data, shape) {
    this.data = data;
    this.shape = shape;
  }
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: Float64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

export function arrayOf(dtype) {
  return ARRAYS[dtype];
}

/** Numbers in [low, high), whole ones for integer dtypes; the same in every run. */
export function numbers(shape, { low = -2, high = 2, dtype = 'float32', seed = 1 } = {}) {
  const count = shape.reduce((n, size) => n * size, 1);
  const data = new ARRAYS[dtype](count);
  let state = seed * 7919 + 12345;
  const whole = !dtype.startsWith('float');
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const value = low + ((state >>> 0) / 2 ** 32) * (high - low);
    data[i] = whole ? Math.floor(value) : value;
  }
  return { data, shape, dtype };
}
