/** Who takes part in a case: Nabla and plain JavaScript in this process, and the peers that know the op in theirs. */
import { gradientNumbers } from './cases.mjs';
import { numbers, PlainTensor } from './data.mjs';
import { timeCalls, warmUp } from './turns.mjs';

/** Nabla with results that are given back as soon as they are there, by hand, as those of the peers are. */
export const GIVEN_BACK = 'given back';

/**
 * Contenders of a case, Nabla first, each with inputs of its own; a peer that cannot take part is left out and told to
 * `fail`. With `givesBack`, Nabla takes part a second time.
 */
export async function contendersOf(
  { entry, at, size, withGradient },
  { nabla, plain, givesBack, peers },
  fail,
) {
  const inputs = entry.inputs(size);
  const { gradient, ...own } = nablaContender(entry, inputs, withGradient, nabla);
  const contenders = [here('Nabla', own)];
  if (givesBack)
    contenders.push(here(GIVEN_BACK, nablaContender(entry, inputs, withGradient, nabla, givingBack)));
  if (plain) contenders.push(here('plain', plainContender(entry, inputs, withGradient, gradient)));
  const wanted = gradient && { shape: gradient.shape, dtype: gradient.dtype };
  const able = peers.filter(({ name }) => entry[name === 'jax-js' ? 'jax' : 'tf'] !== undefined);
  // Nothing is timed yet: they prepare side by side.
  const answers = await Promise.allSettled(
    able.map((peer) => peer.ask({ do: 'setup', at, size, gradient: wanted })),
  );
  for (const [i, { status, value, reason }] of answers.entries())
    if (status === 'rejected') fail(able[i], reason);
    else if (value.lacks === undefined) contenders.push(elsewhere(able[i]));
  return contenders;
}

function here(name, work) {
  return {
    name,
    warm: (milliseconds) => warmUp(work, milliseconds),
    turn: (calls) => timeCalls(work, calls),
  };
}

function elsewhere(peer) {
  return {
    name: peer.name,
    warm: async (milliseconds) => (await peer.ask({ do: 'warm', milliseconds })).each,
    turn: async (calls) => (await peer.ask({ do: 'turn', calls })).time,
  };
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

/** Has the result computed, and gives its memory back. */
function givingBack(run, _, operands) {
  return () => {
    const result = run();
    for (const x of Array.isArray(result) ? result : [result]) {
      x?.storage?.ptr;
      // Where there was nothing to do, the result is the operand.
      if (!operands.includes(x)) x?.[Symbol.dispose]?.();
    }
  };
}

/** Results of so many elements are computed at once anyway. */
const FEW = 256;

/**
 * The gradients of f(nabla, ...tensors) by some of them; the result itself, `y`, is computed, too, as plain JavaScript
 * does. What is returned is `kept`, the gradients, or an expression with both.
 */
function differentiating(f, nabla, tensors, wrt, gradOutputs, result) {
  const names = tensors.map((_, i) => `a${i}`);
  return new Function(
    'f',
    'nabla',
    'wrt',
    'options',
    ...names,
    `/* ${number++} */ let kept; return () => { const y = f(nabla, ${names.join(', ')}); y.storage.ptr; kept = nabla.grad(y, wrt, options); return ${result}; };`,
  )(f, nabla, wrt, { gradOutputs }, ...tensors);
}

function nablaContender(entry, inputs, withGradient, nabla, finish = settled) {
  const tensors = inputs.map(({ data, shape, dtype }, i) => {
    const x = nabla
      .fromTypedArray(dtype === 'bool' || dtype === 'int64' ? Float64Array.from(data) : data)
      .to(dtype)
      .reshape(shape);
    return withGradient && entry.wrt.includes(i) ? x.requiresGrad_() : x;
  });
  if (!withGradient) return { run: finish(calling(entry.nabla, [nabla, ...tensors]), inputs, tensors) };
  const y = entry.nabla(nabla, ...tensors);
  const gradient = numbers(y.shape, { ...gradientNumbers, dtype: y.dtype });
  const g = nabla.fromTypedArray(gradient.data).reshape(y.shape);
  const wrt = entry.wrt.map((i) => tensors[i]);
  const result = finish === givingBack ? '[y, ...kept]' : 'kept';
  return {
    gradient,
    run: finish(differentiating(entry.nabla, nabla, tensors, wrt, g, result), inputs, tensors),
  };
}

function plainContender(entry, inputs, withGradient, gradient) {
  const tensors = inputs.map(({ data, shape }) => new PlainTensor(data, shape));
  if (!withGradient) return { run: calling(entry.plain, tensors) };
  const g = new PlainTensor(gradient.data, gradient.shape);
  return { run: calling(entry.plainGrad, [...tensors, g]) };
}
