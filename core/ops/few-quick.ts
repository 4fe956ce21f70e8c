/**
 * What the loops of `few-code.ts` do first: the usual call, where all tensors have one layout without gaps, or numbers
 * stand beside one. Each dtype has a function of its own, so short that V8 makes it, the loop's checks and the function
 * that the op is called by one piece of code, which takes half as long as calls between them.
 */
import { ARGUMENTS, ARRAYS, type ElementCode, FLOATS, type LoopCode, type LoopDType } from './few-bodies.js';

/** The usual call: what must be true of the arguments, and who computes the result then. */
export interface Quick {
  /** Functions that are called by name. */
  readonly functions: string;
  /** Statements in which `a`, …, the first tensor's `layout`, `size` and `dtype` are known; they return results. */
  readonly calls: string;
  /** The same for operands of up to two dimensions that have gaps or are repeated to the shape of the first; else ''. */
  readonly spread: string;
}

/** Up to so many elements operands with gaps are read where they are. */
const MOST_SPREAD = 128;

/** An operand of a quick loop: a tensor, or a number where `isNumber`. */
interface Operand {
  readonly argument: string;
  readonly letter: string;
  readonly isNumber: boolean;
}

/** Elementwise loops and losses; null for what has no usual call. */
export function quickOf(name: string, params: readonly string[], code: LoopCode): Quick | null {
  if (!('element' in code || 'loss' in code)) return null;
  const conditions: string[] = [];
  const alike: string[] = [];
  const numbers: string[] = [];
  const tensors: Operand[] = [];
  let free: string | null = null;
  const constants: string[] = [];
  const first = params.findIndex((param) => /^[xyz]$/.test(param));
  for (const [i, param] of params.entries()) {
    const argument = ARGUMENTS[i];
    const tensor = /^([xyzm])(#?)$/.exec(param);
    if (tensor !== null) {
      const [, letter, kind] = tensor;
      tensors.push({ argument, letter, isNumber: false });
      if (kind === '#') free = argument;
      else if (i !== first) alike.push(isAlike(argument, letter === 'm'));
    } else if (/^[lt]$|\.$|^dim|^keepdim$/.test(param)) return null;
    else if (param === 'reduction')
      conditions.push(`(${argument} === undefined || ${argument} === 'mean' || ${argument} === 'sum')`);
    else if (/^[-+]/.test(param)) conditions.push(`${argument} === undefined`);
    else if (param.includes(':'))
      conditions.push(`(${argument} === undefined || ${argument} === ${param.split(':')[1]})`);
    else {
      const [own, usual] = param.split('=');
      numbers.push(own);
      constants.push(
        `const ${own} = ${own === param ? argument : `${argument} === undefined ? ${usual} : ${argument}`};`,
      );
      conditions.push(`typeof ${own} === 'number'`);
    }
  }
  for (const rest of ARGUMENTS.slice(params.length)) conditions.push(`${rest} === undefined`);
  const reduction = params.includes('reduction') ? ARGUMENTS[params.indexOf('reduction')] : null;
  const dtypes = 'element' in code ? (code.dtypes ?? FLOATS) : FLOATS;
  const functions: string[] = [];
  const branches = (way: 'all' | 'number'): string =>
    dtypes
      .flatMap((dtype) => {
        // A number beside integers may be of another dtype.
        if (way === 'number' && !FLOATS.includes(dtype)) return [];
        const own = `quick_${name}_${dtype}_${way}`;
        const operands = tensors.map((operand) =>
          way === 'number' && operand.argument === free ? { ...operand, isNumber: true } : operand,
        );
        functions.push(
          'element' in code
            ? elements(own, name, code, dtype, operands, numbers)
            : loss(own, name, code.loss, dtype, operands, numbers),
        );
        const given = operands.map(({ argument, isNumber }) =>
          isNumber && dtype === 'float32' ? `Math.fround(${argument})` : argument,
        );
        const further = 'element' in code ? ['layout'] : [`${reduction} === 'sum'`];
        return [
          `if (dtype === '${dtype}') return ${own}(${[...given, ...numbers, ...further, 'size'].join(', ')});`,
        ];
      })
      .join('\n        ');
  const all = branches('all');
  const spread =
    'element' in code
      ? spreadCalls(name, code, {
          dtypes,
          first: ARGUMENTS[first],
          free,
          tensors,
          numbers,
          functions,
          conditions,
          constants,
        })
      : '';
  const calls = `${constants.join(' ')}
      if (${[...conditions, ...alike, 'true'].join(' && ')}) {
        ${
          free === null
            ? all
            : `if (${isAlike(free, false)}) {
        ${all}
        } else if (typeof ${free} === 'number') {
        ${branches('number')}
        }`
        }
      }`;
  return { functions: functions.join('\n'), calls, spread };
}

interface Spread {
  readonly dtypes: readonly LoopDType[];
  /** The argument that has the shape of the result, and the one that may be a number. */
  readonly first: string;
  readonly free: string | null;
  readonly tensors: readonly Operand[];
  readonly numbers: readonly string[];
  readonly functions: string[];
  readonly conditions: readonly string[];
  readonly constants: readonly string[];
}

/** The call of the loop over rows and columns, in which each operand has strides of its own. */
function spreadCalls(name: string, code: ElementCode, given: Spread): string {
  const { dtypes, first, free, tensors, numbers, functions, conditions, constants } = given;
  const branches = (way: 'tensor' | 'number'): string => {
    const operands = tensors.map((operand) => ({
      ...operand,
      isNumber: way === 'number' && operand.argument === free,
    }));
    const fits = operands.flatMap(({ argument, letter, isNumber }, at) => {
      if (isNumber) return [`typeof ${argument} === 'number'`];
      const isSpread = `spread(${argument}.layout, layout, ${2 * at})`;
      if (argument === first) return [isSpread];
      // Gradients by a mask read it in the order of the first operand.
      return letter === 'm'
        ? [
            `${argument} instanceof Tensor && ${argument}.dtype === 'bool' && repeats(${argument}.layout, layout) === size && ${isSpread}`,
          ]
        : [
            `${argument} instanceof Tensor && ${argument}.dtype === dtype && !(gradMode.enabled && ${argument}.requiresGrad) && ${isSpread}`,
          ];
    });
    // A number beside integers may be of another dtype.
    const own = dtypes.filter((dtype) => way === 'tensor' || FLOATS.includes(dtype));
    const calls = own.map((dtype) => {
      const called = `spread_${name}_${dtype}_${way}`;
      functions.push(spreadElements(called, name, code, dtype, operands, numbers));
      const values = operands.map(({ argument, isNumber }) =>
        isNumber && dtype === 'float32' ? `Math.fround(${argument})` : argument,
      );
      return `if (dtype === '${dtype}') return ${called}(${[...values, ...numbers, 'layout'].join(', ')});`;
    });
    return `if (${fits.join(' && ')}) {
      ${calls.join('\n      ')}
    }`;
  };
  return `if (size <= ${MOST_SPREAD} && size <= fewElements.limit && size !== 0 && layout.ndim <= 2 && !(gradMode.enabled && ${first}.requiresGrad)) {
    ${constants.join(' ')}
    if (${[...conditions, 'true'].join(' && ')}) {
    ${branches('tensor')}${free === null ? '' : ` else ${branches('number')}`}
    }
  }`;
}

function spreadElements(
  own: string,
  name: string,
  code: ElementCode,
  dtype: LoopDType,
  operands: readonly Operand[],
  numbers: readonly string[],
): string {
  const [array, shift] = ARRAYS[dtype];
  const read = operands.filter(({ isNumber }) => !isNumber);
  const strides = operands.flatMap(({ letter, isNumber }, at) =>
    isNumber ? [] : [`${letter}Row = apart[${2 * at}], ${letter}Step = apart[${2 * at + 1}]`],
  );
  const list = (write: (letter: string) => string): string =>
    read.map(({ letter }) => write(letter)).join(', ');
  return `function ${own}(${parameters(operands, numbers)}, layout) {
  ${largest(dtype)}
  const ${strides.join(', ')};
  const ndim = layout.ndim, columns = ndim === 0 ? 1 : layout.shape[ndim - 1];
  const out = ${allocation(name, code, dtype, 'layout.compact()', 'layout.size')};
  ${starts(operands, shift)}
  let to = out.start(${shiftOf(code, dtype)});
  for (let r = ndim === 2 ? layout.shape[0] : 1, ${list((letter) => `${letter}Line = ${letter}At`)}; r > 0; r--, ${list((letter) => `${letter}Line += ${letter}Row`)})
    for (let c = columns, ${list((letter) => `${letter}Place = ${letter}Line`)}; c > 0; c--, ${list((letter) => `${letter}Place += ${letter}Step`)}) {
      ${read.map(({ letter }) => `const ${letter} = ${letter === 'm' ? 'u8' : array}[${letter}Place];`).join(' ')}
      ${put(code, dtype, 'to++')}
    }
  return out;
}`;
}

function largest(dtype: LoopDType): string {
  return `const largest = ${dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE};`;
}

/** Of results, whose elements may be truth values. */
function shiftOf({ result }: ElementCode, dtype: LoopDType): number {
  return result === 'bool' ? 0 : ARRAYS[dtype][1];
}

function allocation(name: string, code: ElementCode, dtype: LoopDType, layout: string, size: string): string {
  return `allocateFew(${layout}, '${code.result ?? dtype}', ${size} << ${shiftOf(code, dtype)}, '${name}')`;
}

/** Computes an element of which the operands are read, and puts it at a place of the result. */
function put(
  { element, result, int32 = element, unless }: ElementCode,
  dtype: LoopDType,
  at: string,
): string {
  const value = dtype === 'int32' ? int32 : element;
  const into = result === 'bool' ? 'u8' : ARRAYS[dtype][0];
  return `${unless === undefined ? '' : `if (${unless}) return null;`}
      ${into}[${at}] = ${result === 'bool' ? `(${value}) ? 1 : 0` : value};`;
}

/** Whether an argument lies as the first tensor does; a mask is compared with what it decides about. */
function isAlike(argument: string, isMask: boolean): string {
  const dtype = isMask ? `'bool'` : 'dtype';
  const recorded = isMask ? '' : ` && !(gradMode.enabled && ${argument}.requiresGrad)`;
  return `${argument} instanceof Tensor && ${argument}.layout === layout && ${argument}.dtype === ${dtype}${recorded}`;
}

function starts(operands: readonly Operand[], shift: number): string {
  return operands
    .filter(({ isNumber }) => !isNumber)
    .map(({ argument, letter }) => `const ${letter}At = ${argument}.start(${letter === 'm' ? 0 : shift});`)
    .join(' ');
}

function reads(operands: readonly Operand[], array: string): string {
  return operands
    .filter(({ isNumber }) => !isNumber)
    .map(({ letter }) => `const ${letter} = ${letter === 'm' ? 'u8' : array}[${letter}At + i];`)
    .join(' ');
}

/** Parameters of a quick function: numbers by the names that the code knows. */
function parameters(operands: readonly Operand[], numbers: readonly string[]): string {
  return [
    ...operands.map(({ argument, letter, isNumber }) => (isNumber ? letter : argument)),
    ...numbers,
  ].join(', ');
}

function elements(
  own: string,
  name: string,
  code: ElementCode,
  dtype: LoopDType,
  operands: readonly Operand[],
  numbers: readonly string[],
): string {
  const [array, shift] = ARRAYS[dtype];
  return `function ${own}(${parameters(operands, numbers)}, layout, size) {
  ${largest(dtype)}
  const out = ${allocation(name, code, dtype, 'layout', 'size')};
  ${starts(operands, shift)} const to = out.start(${shiftOf(code, dtype)});
  for (let i = 0; i < size; i++) {
    ${reads(operands, array)}
    ${put(code, dtype, 'to + i')}
  }
  return out;
}`;
}

function loss(
  own: string,
  name: string,
  code: string,
  dtype: LoopDType,
  operands: readonly Operand[],
  numbers: readonly string[],
): string {
  const [array, shift] = ARRAYS[dtype];
  return `function ${own}(${parameters(operands, numbers)}, isSum, size) {
  const out = allocateFew(Layout.scalar, '${dtype}', ${1 << shift}, '${name}');
  ${starts(operands, shift)}
  let total = 0;
  for (let i = 0; i < size; i++) {
    ${reads(operands, array)}
    total += ${code};
  }
  ${array}[out.start(${shift})] = isSum ? total : total / size;
  return out;
}`;
}
