/** The discrete Fourier transform of pairs of float64, of any length in n log n steps. */

/** cos and sin of 2πk / n for k below n / 2, or all k. */
interface Roots {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

function rootsOf(n: number, count: number): Roots {
  const cos = new Float64Array(count);
  const sin = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    cos[k] = Math.cos((2 * Math.PI * k) / n);
    sin[k] = Math.sin((2 * Math.PI * k) / n);
  }
  return { cos, sin };
}

/** Transforms one line of n pairs in place: xₖ ← Σ xⱼ e^(sign 2πi jk / n). */
export type LineTransform = (line: Float64Array) => void;

/** The transform of lines of n pairs, with what all of them need computed once. */
export function lineTransform(n: number, sign: 1 | -1): LineTransform {
  if (n <= 1) return () => undefined;
  return (n & (n - 1)) === 0 ? powerOfTwo(n, sign) : anyLength(n, sign);
}

/** Cooley and Tukey (1965), in place after a permutation by reversed bits. */
function powerOfTwo(n: number, sign: 1 | -1): LineTransform {
  const { cos, sin } = rootsOf(n, n / 2);
  const bits = Math.log2(n);
  const reversed = Uint32Array.from({ length: n }, (_, i) => {
    let to = 0;
    for (let b = 0; b < bits; b++) if ((i >>> b) & 1) to |= 1 << (bits - 1 - b);
    return to;
  });
  return (line) => {
    for (let i = 0; i < n; i++) {
      const j = reversed[i];
      if (j <= i) continue;
      for (let part = 0; part < 2; part++) {
        const value = line[2 * i + part];
        line[2 * i + part] = line[2 * j + part];
        line[2 * j + part] = value;
      }
    }
    for (let half = 1; half < n; half *= 2) {
      const step = n / (2 * half);
      for (let start = 0; start < n; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const c = cos[k * step];
          const s = sign * sin[k * step];
          const a = 2 * (start + k);
          const b = a + 2 * half;
          const re = line[b] * c - line[b + 1] * s;
          const im = line[b] * s + line[b + 1] * c;
          line[b] = line[a] - re;
          line[b + 1] = line[a + 1] - im;
          line[a] += re;
          line[a + 1] += im;
        }
      }
    }
  };
}

/** Bluestein (1970): jk = (j² + k² − (k − j)²) / 2 makes it a convolution, which powers of two compute. */
function anyLength(n: number, sign: 1 | -1): LineTransform {
  let size = 1;
  while (size < 2 * n - 1) size *= 2;
  const forward = powerOfTwo(size, -1);
  const backward = powerOfTwo(size, 1);
  // e^(sign πi k² / n); the square is taken modulo 2n, so that large k lose no digits.
  const { cos, sin } = rootsOf(2 * n, 2 * n);
  const chirpAt = (k: number): number => Number((BigInt(k) * BigInt(k)) % BigInt(2 * n));
  const places = Uint32Array.from({ length: n }, (_, k) => chirpAt(k));
  const filter = new Float64Array(2 * size);
  for (let k = 0; k < n; k++) {
    const re = cos[places[k]];
    const im = -sign * sin[places[k]];
    filter[2 * k] = re;
    filter[2 * k + 1] = im;
    if (k === 0) continue;
    filter[2 * (size - k)] = re;
    filter[2 * (size - k) + 1] = im;
  }
  forward(filter);
  const work = new Float64Array(2 * size);
  return (line) => {
    work.fill(0);
    for (let k = 0; k < n; k++) {
      const c = cos[places[k]];
      const s = sign * sin[places[k]];
      work[2 * k] = line[2 * k] * c - line[2 * k + 1] * s;
      work[2 * k + 1] = line[2 * k] * s + line[2 * k + 1] * c;
    }
    forward(work);
    for (let k = 0; k < 2 * size; k += 2) {
      const re = work[k] * filter[k] - work[k + 1] * filter[k + 1];
      work[k + 1] = work[k] * filter[k + 1] + work[k + 1] * filter[k];
      work[k] = re;
    }
    backward(work);
    for (let k = 0; k < n; k++) {
      const c = cos[places[k]];
      const s = sign * sin[places[k]];
      line[2 * k] = (work[2 * k] * c - work[2 * k + 1] * s) / size;
      line[2 * k + 1] = (work[2 * k] * s + work[2 * k + 1] * c) / size;
    }
  };
}
