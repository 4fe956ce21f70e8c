/**
 * Every differentiable op on about 16 elements, recorded: cases made from the samples of the op records. Of an op's samples
 * the one is taken whose largest operand is nearest to 16 elements, of several the one with the fewest arguments and then the
 * most elements; dimensions of 2 and 3 become 4 where the op still
 * runs, so that most are matrices of 4 x 4.
 */

/** How many elements the largest operand should have. */
const WANTED = 16;

/** All differentiable ops by name: `{ name, torch, call, args, inputs }` for a dtype, those that fail with an `error`. */
export function gradientCases(nabla, dtype, pattern) {
  const records = new Map();
  for (const space of [nabla, nabla.F, nabla.linalg, nabla.fft])
    for (const value of Object.values(space)) if (value?.record) records.set(value.record.name, value.record);
  const cases = [];
  for (const record of records.values()) {
    if (record.samples === undefined || !pattern.test(record.name)) continue;
    const best = caseOf(nabla, record, dtype);
    if (best !== null) cases.push(best);
  }
  return cases;
}

function caseOf(nabla, record, dtype) {
  const call = (args) => record.call(...args);
  let best = null;
  for (const scaled of [true, false])
    for (const args of samplesOf(nabla, record, dtype, scaled)) {
      const tensors = tensorsIn(nabla, args);
      const inputs = tensors.filter((x) => x.requiresGrad && x.dtype === dtype);
      const size = Math.max(0, ...tensors.map((x) => x.numel()));
      if (inputs.length === 0 || size === 0) continue;
      const count = tensors.reduce((sum, x) => sum + x.numel(), 0);
      // What is usual: neither options nor operands that are repeated.
      const distance = Math.abs(Math.log(size / WANTED)) + 1e-3 * args.length - 1e-6 * count;
      if (best !== null && best.distance <= distance) continue;
      let outputs;
      try {
        outputs = tensorsIn(nabla, call(args)).filter((y) => y.requiresGrad);
        if (outputs.length === 0) continue;
        nabla.grad(outputs, inputs, { gradOutputs: outputs.map(ones(nabla)), allowUnused: true });
      } catch {
        // A sample of other shapes than it was written for.
        continue;
      }
      const { name, torch } = record;
      best = {
        name,
        torch,
        call: record.call,
        args,
        inputs,
        dtype,
        outputs: outputs.map((y) => ({ shape: y.shape, dtype: y.dtype })),
        size,
        distance,
      };
    }
  return best;
}

const ones = (nabla) => (y) => nabla.ones(y.shape, { dtype: y.dtype });

function samplesOf(nabla, record, dtype, scaled) {
  try {
    return record.samples(sampleMaker(nabla, dtype, scaled));
  } catch {
    return [];
  }
}

/** Deterministic pseudo-random numbers, as the tests' samples are. */
function sampleMaker(nabla, usual, scaled) {
  let state = 12345;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return (given, { low = -2, high = 2, dtype = usual, requiresGrad } = {}) => {
    const shape = scaled ? given.map((n) => (n === 2 || n === 3 ? 4 : n)) : given;
    const isFloat = dtype.startsWith('float');
    // Some samples say float64, because that is what tests compute in.
    const own = isFloat ? usual : dtype;
    const data = Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => {
      const value = low + (high - low) * next();
      return isFloat ? value : Math.floor(value);
    });
    return nabla.tensor(data, { shape, dtype: own, requiresGrad: requiresGrad ?? isFloat });
  };
}

export function tensorsIn(nabla, value) {
  if (value instanceof nabla.Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap((entry) => tensorsIn(nabla, entry));
  if (isPlainObject(value)) return Object.values(value).flatMap((entry) => tensorsIn(nabla, entry));
  return [];
}

function isPlainObject(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

let number = 0;

/**
 * What is timed: `forward` calls the op, recorded, and `both` differentiates its results by all float operands. Each is
 * compiled for its case (a number in a comment keeps V8 from sharing), as code that somebody writes is.
 */
export function runsOf(nabla, { call, args, inputs, outputs }) {
  const names = args.map((_, i) => `a${i}`);
  const gradOutputs = outputs.map(ones(nabla));
  const sample = call(...args);
  const isOne = sample instanceof nabla.Tensor;
  const make = (body) =>
    new Function(
      'call',
      'grad',
      'inputs',
      'options',
      ...names,
      `/* ${number++} */ let kept; return () => { const y = call(${names.join(', ')}); ${body} return kept; };`,
    );
  const given = [
    call,
    nabla.grad,
    inputs,
    { gradOutputs: isOne ? gradOutputs[0] : gradOutputs, allowUnused: true },
    ...args,
  ];
  // Of several results those that are recorded, as somebody writes them.
  const several = isOne ? [] : sample.flatMap((x, i) => (x.requiresGrad ? [`y[${i}]`] : []));
  const outputsText = isOne ? 'y' : `[${several.join(', ')}]`;
  return {
    forward: make('kept = y;')(...given),
    both: make(`kept = grad(${outputsText}, inputs, options);`)(...given),
  };
}

/** A case as PyTorch's process gets it: tensors as numbers with their shapes. */
export function asRequest(nabla, { name, torch, args, outputs }) {
  const encode = (value) => {
    if (value instanceof nabla.Tensor) {
      const { shape, requiresGrad } = value;
      return {
        tensor: Array.from(value.detach().contiguous().toTypedArray(), Number),
        shape,
        dtype: value.dtype,
        requiresGrad,
      };
    }
    if (Array.isArray(value)) return value.map(encode);
    if (isPlainObject(value))
      return {
        options: Object.fromEntries(Object.entries(value).map(([key, entry]) => [snake(key), encode(entry)])),
      };
    return value === undefined ? null : value;
  };
  const names = torch === undefined ? [snake(name)] : [torch].flat();
  return { names, args: args.map(encode), outputs: outputs.map(({ shape }) => shape) };
}

function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
