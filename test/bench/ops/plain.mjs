/**
 * The baseline: what a programmer writes in plain JavaScript. A function takes PlainTensors (a typed array and its
 * shape), checks that shapes agree, allocates its result (a typed array and the object around it) and loops once,
 * straightforwardly, in the language's own arithmetic. Each op has source code of its own, so that none is slowed down
 * by what another has run through a shared loop. Nothing is fused, blocked or unrolled by hand; nothing is recorded for
 * a gradient, and the gradient is one more loop that gets what the forward computed.
 */
import { arrayOf, PlainTensor } from './data.mjs';

const HELPERS = `
const { sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, asinh, acosh, atanh, exp, expm1, log, log1p, log2,
  log10, sqrt, abs, floor, ceil, trunc, sign, pow, max, min, hypot, round, PI, SQRT1_2, SQRT2, LN2, LN10 } = Math;
function sigmoid(x) { return 1 / (1 + exp(-x)); }
function roundEven(x) { const f = floor(x), d = x - f; return d < 0.5 || (d === 0.5 && f % 2 === 0) ? f : f + 1; }
function sameShape(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
`;

/** erf in the way that is usual in JavaScript: Abramowitz and Stegun's 7.1.26 has only 7 digits, so the series is longer. */
const ERF = `
function erf(x) {
  const z = abs(x), t = 1 / (1 + 0.5 * z);
  const r = t * exp(-z * z - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
  return x >= 0 ? 1 - r : r - 1;
}
`;

/** A function from source code, with the helpers in scope. */
export function compile(parameters, body) {
  return new Function('PlainTensor', `${HELPERS}${ERF}return function (${parameters.join(', ')}) {${body}};`)(
    PlainTensor,
  );
}

/**
 * Nabla's side of a case as a user would write it, such as `nabla.add(a, b)`: source code of its own, where a shared
 * function that looks the op up by its name would take as long as the op does on a few elements.
 */
export function written(parameters, expression) {
  return new Function('nabla', ...parameters, `return ${expression};`);
}

/** out[i] = expression in the elements x, z, w of the operands a, b, c. */
export function elementwise(expression, operands = 1, out = 'float32') {
  const names = ['a', 'b', 'c'].slice(0, operands);
  const elements = ['x', 'z', 'w'];
  return compile(
    names,
    `
    ${names
      .slice(1)
      .map((name) => `if (!sameShape(a.shape, ${name}.shape)) throw new RangeError('shapes');`)
      .join('\n')}
    ${names.map((name, k) => `const data${k} = ${name}.data;`).join('\n')}
    const n = data0.length;
    const out = new ${arrayOf(out).name}(n);
    for (let i = 0; i < n; i++) {
      ${names.map((_, k) => `const ${elements[k]} = data${k}[i];`).join('\n')}
      out[i] = ${expression};
    }
    return new PlainTensor(out, a.shape);`,
  );
}

/** Forward and the gradients of the operands, each a loop: expressions in x, z, w, the result y and its gradient g. */
export function elementwiseGrad(forward, gradients, operands = 1, out = 'float32') {
  const names = ['a', 'b', 'c'].slice(0, operands);
  const elements = ['x', 'z', 'w'];
  const read = (expression) =>
    [
      ...names.map((_, k) =>
        new RegExp(`\\b${elements[k]}\\b`).test(expression) ? `const ${elements[k]} = data${k}[i];` : '',
      ),
      /\by\b/.test(expression) ? 'const y = out[i];' : '',
      'const g = grad[i];',
    ].join('');
  const array = arrayOf(out).name;
  return compile(
    [...names, 'gradient'],
    `
    ${names.map((name, k) => `const data${k} = ${name}.data;`).join('\n')}
    const n = data0.length;
    const out = new ${array}(n);
    for (let i = 0; i < n; i++) {
      ${names.map((_, k) => `const ${elements[k]} = data${k}[i];`).join('\n')}
      out[i] = ${forward};
    }
    const grad = gradient.data;
    ${gradients
      .map((expression, k) =>
        expression === null
          ? ''
          : `const grad${k} = new ${array}(n);
    for (let i = 0; i < n; i++) { ${read(expression)} grad${k}[i] = ${expression}; }`,
      )
      .join('\n')}
    return [new PlainTensor(out, a.shape), ${gradients
      .map((expression, k) => (expression === null ? 'null' : `new PlainTensor(grad${k}, a.shape)`))
      .join(', ')}];`,
  );
}
