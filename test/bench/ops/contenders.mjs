/** Who takes part in a case: Nabla, plain JavaScript, and the peers that know the op. */
import { numbers, PlainTensor } from './data.mjs';

/** Functions to time, each on inputs of its own library; a peer that fails is left out and its error given. */
export async function contendersOf(entry, size, withGradient, { nabla, tensorFlow, jax }) {
  const inputs = entry.inputs(size);
  const contenders = {};
  const failed = {};
  const { gradient, ...own } = nablaContender(entry, inputs, withGradient, nabla);
  contenders.Nabla = own;
  contenders.plain = plainContender(entry, inputs, withGradient, gradient);
  for (const backend of tensorFlow && entry.tf ? tensorFlow.backends : []) {
    try {
      const contender = await tensorFlowContender(
        entry,
        inputs,
        withGradient,
        gradient,
        tensorFlow.tf,
        backend,
      );
      contender.run();
      contenders[`tfjs-${backend}`] = contender;
    } catch (error) {
      // A kernel that a backend lacks is no failure of the case.
      if (!/not registered|not (yet )?(implemented|supported)|Cannot compute gradient/i.test(error.message))
        failed[`tfjs-${backend}`] = error.message.split('\n')[0];
    }
  }
  if (jax && entry.jax)
    try {
      const contender = jaxContender(entry, inputs, withGradient, gradient, jax.jax);
      await contender.run();
      contenders['jax-js'] = contender;
    } catch (error) {
      failed['jax-js'] = error.message.split('\n')[0];
    }
  return { contenders, failed };
}

export function release(contenders) {
  for (const { dispose } of Object.values(contenders)) dispose?.();
}

/**
 * A function that calls another with these arguments and holds the result until the next call, as a variable would. It
 * is compiled for each case, so that none is slowed down by what another has run through a shared one.
 */
let number = 0;

function calling(f, args) {
  const names = args.map((_, i) => `a${i}`);
  return new Function(
    'f',
    ...names,
    // V8 takes functions of one source for one.
    `/* ${number++} */ let kept; return () => { kept = f(${names.join(', ')}); return kept; };`,
  )(f, ...args);
}

/** Many elements are computed when somebody asks where they are: a measurement has to. */
function settled(run, inputs) {
  const isFew = inputs.every(({ data }) => data.length <= FEW);
  if (isFew) return run;
  return () => {
    const result = run();
    for (const x of Array.isArray(result) ? result : [result]) x?.storage?.ptr;
    return result;
  };
}

/** Results of so many elements are computed at once anyway. */
const FEW = 256;

/** The gradients of f(nabla, ...tensors) by some of them; the result itself is computed, too, as plain JavaScript does. */
function differentiating(f, nabla, tensors, wrt, gradOutputs) {
  const names = tensors.map((_, i) => `a${i}`);
  return new Function(
    'f',
    'nabla',
    'wrt',
    'options',
    ...names,
    `/* ${number++} */ let kept; return () => { const y = f(nabla, ${names.join(', ')}); y.storage.ptr; kept = nabla.grad(y, wrt, options); return kept; };`,
  )(f, nabla, wrt, { gradOutputs }, ...tensors);
}

function nablaContender(entry, inputs, withGradient, nabla) {
  const tensors = inputs.map(({ data, shape, dtype }, i) => {
    const x = nabla
      .fromTypedArray(dtype === 'bool' || dtype === 'int64' ? Float64Array.from(data) : data)
      .to(dtype)
      .reshape(shape);
    return withGradient && entry.wrt.includes(i) ? x.requiresGrad_() : x;
  });
  if (!withGradient) return { run: settled(calling(entry.nabla, [nabla, ...tensors]), inputs) };
  const y = entry.nabla(nabla, ...tensors);
  const gradient = { ...numbers(y.shape, { dtype: y.dtype, low: 0.5, high: 1.5, seed: 5 }) };
  const g = nabla.fromTypedArray(gradient.data).reshape(y.shape);
  const wrt = entry.wrt.map((i) => tensors[i]);
  return { gradient, run: settled(differentiating(entry.nabla, nabla, tensors, wrt, g), inputs) };
}

function plainContender(entry, inputs, withGradient, gradient) {
  const tensors = inputs.map(({ data, shape }) => new PlainTensor(data, shape));
  if (!withGradient) return { run: calling(entry.plain, tensors) };
  const g = new PlainTensor(gradient.data, gradient.shape);
  return { run: calling(entry.plainGrad, [...tensors, g]) };
}

async function tensorFlowContender(entry, inputs, withGradient, gradient, tf, backend) {
  await tf.setBackend(backend);
  const dtypes = { float32: 'float32', int32: 'int32', int64: 'int32', uint8: 'int32', bool: 'bool' };
  const put = ({ data, shape, dtype }) => {
    const kind = dtypes[dtype];
    return tf.tensor(kind === 'int32' ? Int32Array.from(data) : data, shape, kind);
  };
  const tensors = inputs.map(put);
  const g = withGradient ? put(gradient) : undefined;
  let made = [];
  const free = () => {
    for (const x of made) x.dispose();
    made = [];
  };
  const forward = (...operands) => entry.tf(tf, ...operands);
  const others = (wrt) => {
    const operands = tensors.slice();
    entry.wrt.forEach((i, k) => (operands[i] = wrt[k]));
    return forward(...operands);
  };
  const wrt = withGradient ? entry.wrt.map((i) => tensors[i]) : [];
  const run = () => {
    free();
    if (tf.getBackend() !== backend) tf.setBackend(backend);
    if (!withGradient) made = [tf.tidy(() => forward(...tensors))];
    else {
      // The gradient has the shape of the result, which for convolutions tfjs lays out differently.
      const by = tf.grads((...operands) => {
        const y = others(operands);
        return sameShape(y.shape, g.shape) ? y : tf.reshape(y, g.shape);
      });
      made = tf.tidy(() => by(wrt, g));
    }
  };
  return {
    run,
    dispose: () => {
      free();
      for (const x of [...tensors, ...(g ? [g] : [])]) x.dispose();
    },
  };
}

function sameShape(a, b) {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** jax-js takes over what it is given: each use needs a reference of its own. */
function jaxContender(entry, inputs, withGradient, gradient, jax) {
  const { numpy } = jax;
  const put = ({ data, shape, dtype }) =>
    numpy.array(
      dtype === 'bool' ? Array.from(data, (x) => x !== 0) : dtype === 'int64' ? Int32Array.from(data) : data,
      {
        shape,
        dtype: dtype === 'bool' ? numpy.bool : dtype === 'int64' ? numpy.int32 : undefined,
      },
    );
  const tensors = inputs.map(put);
  const g = withGradient ? put(gradient) : undefined;
  const run = async () => {
    if (!withGradient) {
      const y = entry.jax(jax, ...tensors.map((x) => x.ref));
      await y.blockUntilReady();
      y.dispose();
      return;
    }
    const [y, back] = jax.vjp(
      (...operands) => {
        const all = tensors.map((x, i) => (entry.wrt.includes(i) ? operands[entry.wrt.indexOf(i)] : x.ref));
        return entry.jax(jax, ...all);
      },
      entry.wrt.map((i) => tensors[i].ref),
    );
    const by = back(g.ref);
    await Promise.all([y, ...by].map((x) => x.blockUntilReady()));
    for (const x of [y, ...by]) x.dispose();
    back.dispose?.();
  };
  return {
    run,
    asynchronous: true,
    dispose: () => {
      for (const x of [...tensors, ...(g ? [g] : [])]) x.dispose();
    },
  };
}
