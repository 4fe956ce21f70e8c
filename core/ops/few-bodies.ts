/**
 * What the loops of `few-code.ts` do after their operands were checked: for each dtype, the result and the passes over
 * the elements.
 */

/** A pass over the elements of a line: variables at the start, statements for each element `x`, number `k` of `n`. */
interface Pass {
  readonly start: string;
  readonly step: string;
}

interface Bounded {
  /** Up to how many elements a loop takes less time than the op's kernels, where that is not `FEW` of `few-code.ts`. */
  readonly most?: number;
}

/** Each element of the result. */
export interface ElementCode extends Bounded {
  readonly element: string;
  readonly result?: 'bool';
  /** The dtypes of operands that there is a loop for; by default those of floats. */
  readonly dtypes?: readonly LoopDType[];
  /** The expression for int32, where products have more digits than numbers. */
  readonly int32?: string;
  /** Where this is true of an element, it is left to the op. */
  readonly unless?: string;
}

/** What is computed along lines of elements. */
export interface LineCode extends Bounded {
  readonly passes: readonly Pass[];
  /** The result of the line; */
  readonly end?: string;
  /** or of each of its elements, once all passes are done. */
  readonly each?: string;
  readonly result?: 'bool' | 'int64';
  /** A second result of the line, and how the two are called. */
  readonly second?: {
    readonly names: readonly [string, string];
    readonly end: string;
    readonly result?: 'int64';
  };
  /** The dimension where no parameter says it, by default all; and how many dimensions the tensor must have. */
  readonly dim?: number;
  readonly ndim?: number;
  /** Results of lines are summed up, by the parameter `reduction`. */
  readonly reduce?: true;
}

/**
 * What a loop computes. The code is an expression of JavaScript in the names of the parameters: tensors stand for one
 * element, numbers for themselves; `exp`, `max`, … are those of `Math`, `largest` is the largest number of the dtype.
 */
export type LoopCode =
  | ElementCode
  /** The loss of an element; the last parameter is the reduction. */
  | (Bounded & { readonly loss: string })
  /** Whether something holds for all elements, as a boolean. */
  | (Bounded & { readonly all: string })
  | LineCode;

/** Where elements of the dtypes lie: the name of the array, and the binary logarithm of their bytes. */
export const ARRAYS = {
  float32: ['f32', 2],
  float64: ['f64', 3],
  int32: ['i32', 2],
  int64: ['f64', 3],
  uint8: ['u8', 0],
  bool: ['u8', 0],
} as const;

export type LoopDType = keyof typeof ARRAYS;

export const FLOATS: readonly LoopDType[] = ['float32', 'float64'];

export const ARGUMENTS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** What is known of the operands: tensors without repetition, the same beside a number, or nothing. */
type Way = 'whole' | 'number' | 'repeated';

/** Code that reads the element number `at`; of what is repeated, the next one. */
export type Reader = (array: string, at: string, way: Way) => string;

export interface Operands {
  /** Checks, each of which leaves with null. */
  readonly checks: string[];
  /** Where tensors begin, as counted in elements of four or eight bytes (`shift`). */
  readonly starts: ((shift: number) => string)[];
  /** Reads the elements number `at`. */
  readonly reads: Reader[];
}

/** The body of a loop that computes `code`, and functions that it calls. */
export function bodyOf(
  name: string,
  params: readonly string[],
  code: LoopCode,
  operands: Operands,
): readonly [functions: string, body: string] {
  if ('element' in code) return ['', elements(name, code, operands)];
  if ('loss' in code) return ['', loss(name, params, code.loss, operands)];
  return 'all' in code ? ['', all(code.all, operands)] : lines(name, params, code, operands);
}

/** The same code once for each dtype, with its array. */
function forEach(
  dtypes: readonly LoopDType[],
  write: (dtype: LoopDType, array: string, shift: number) => string,
): string {
  const branches = dtypes.map((dtype) => {
    const [array, shift] = ARRAYS[dtype];
    return `if (dtype === '${dtype}') {
    ${write(dtype, array, shift)}
  }`;
  });
  return `${branches.join('\n  ')}
  return null;`;
}

/** How a result begins, of a dtype beside elements of `array`. */
function target(
  result: 'bool' | 'int64' | undefined,
  array: string,
  shift: number,
  out = 'out',
): [string, string] {
  if (result === 'bool') return ['u8', `${out}.start(0)`];
  return result === 'int64' ? ['f64', `${out}.start(3)`] : [array, `${out}.start(${shift})`];
}

function elements(
  name: string,
  { element, result, dtypes = FLOATS, int32 = element, unless }: ElementCode,
  { checks, starts, reads }: Operands,
): string {
  // Where nothing is repeated, which is usual, nothing has to be looked at for each element.
  const others = furtherTensors(checks);
  // A number beside integers may be of another dtype.
  const numbers = checks.flatMap((check) => /^const (\wIs) =/.exec(check)?.[1] ?? []);
  return forEach(dtypes, (dtype, array, shift) => {
    const [into, to] = target(result, array, shift);
    const value = dtype === 'int32' ? int32 : element;
    const loop = (way: Way): string => `for (let i = 0; i < size; i++) {
      ${reads.map((read) => read(array, 'i', way)).join(' ')}
      ${unless === undefined ? '' : `if (${unless}) return null;`}
      ${into}[to + i] = ${result === 'bool' ? `(${value}) ? 1 : 0` : value};
    }`;
    const isExact = FLOATS.includes(dtype);
    const refuse = isExact ? [] : numbers;
    return `const largest = ${dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE};
    ${refuse.map((isNumber) => `if (${isNumber}) return null;`).join(' ')}
    const out = allocate(layout.offset === 0 ? layout : layout.compact(), '${result ?? dtype}', '${name}');
    ${starts.map((start) => start(shift)).join(' ')}
    const to = ${to};
    ${
      others.length === 0
        ? loop('whole')
        : `if (${others.map((letter) => `${letter}Size === size`).join(' && ')}) {\n${loop('whole')}\n} else ${
            isExact && numbers.length === 1
              ? `if (${[...numbers, ...others.filter((letter) => !numbers.includes(`${letter}Is`)).map((letter) => `${letter}Size === size`)].join(' && ')}) {\n${loop('number')}\n} else `
              : ''
          }{\n${places(others)}${loop('repeated')}\n}`
    }
    return out;`;
  });
}

/** The operands that may be repeated, by what their checks define. */
function furtherTensors(checks: readonly string[]): readonly string[] {
  return checks.flatMap((check) => /^const (\w)Size =/.exec(check)?.[1] ?? []);
}

/** Which element of a repeated operand comes next. */
function places(letters: readonly string[]): string {
  return letters.map((letter) => `let ${letter}Next = 0;`).join(' ');
}

function loss(
  name: string,
  params: readonly string[],
  code: string,
  { checks, starts, reads }: Operands,
): string {
  const reduction = ARGUMENTS[params.indexOf('reduction')];
  return forEach(
    FLOATS,
    (dtype, array, shift) => `const out = allocate(Layout.scalar, '${dtype}', '${name}');
    ${starts.map((start) => start(shift)).join(' ')}
    let total = 0;
    ${overAll(checks, reads, array, `total += ${code};`)}
    ${array}[out.start(${shift})] = ${reduction} === 'sum' ? total : total / size;
    return out;`,
  );
}

function all(code: string, { checks, starts, reads }: Operands): string {
  return forEach(
    FLOATS,
    (_, array, shift) => `${starts.map((start) => start(shift)).join(' ')}
    ${overAll(checks, reads, array, `if (!(${code})) return false;`)}
    return true;`,
  );
}

/** A step for each element, whether or not operands are repeated. */
function overAll(checks: readonly string[], reads: readonly Reader[], array: string, step: string): string {
  const others = furtherTensors(checks);
  const loop = (way: Way): string => `for (let i = 0; i < size; i++) {
      ${reads.map((read) => read(array, 'i', way)).join(' ')}
      ${step}
    }`;
  return `if (${others.map((letter) => `${letter}Size === size`).join(' && ')}) {
    ${loop('whole')}
    } else {
    ${places(others)}
    ${loop('repeated')}
    }`;
}

/**
 * The lines of each dtype are a function of its own, which V8 makes one with the checks before it; what they need stands
 * before the loop's own function.
 */
function lines(
  name: string,
  params: readonly string[],
  code: LineCode,
  operands: Operands,
): readonly [functions: string, body: string] {
  const { starts, reads } = operands;
  const numbers = params.flatMap(
    (param) => /^(?!dim|keepdim|reduction)(\w{2,})(=.*)?$/.exec(param)?.[1] ?? [],
  );
  const dim = params.findIndex((param) => param.startsWith('dim'));
  const given = dim < 0 ? String(code.dim) : params[dim] === 'dim?' ? ARGUMENTS[dim] : 'dim';
  const keepdim = params.includes('keepdim') ? ARGUMENTS[params.indexOf('keepdim')] : 'undefined';
  const layout = code.each === undefined ? 'left' : 'layout.compact()';
  const labels = (array: string): string =>
    [
      params.includes('l') ? 'const label = f64[lAt + o * inner + r];' : '',
      params.includes('t')
        ? `const goal = tWhole ? f64[tAt + o * inner + r] : ${array}[tAt + o * inner + r];`
        : '',
    ].join(' ');
  const further = [...ARGUMENTS, 'layout', 'left', 'outer', 'n', 'inner', ...numbers].join(', ');
  const functions = FLOATS.map((dtype) => {
    const [array, shift] = ARRAYS[dtype];
    const [into, to] = target(code.result, array, shift);
    const { second } = code;
    const pair = second === undefined ? null : target(second.result, array, shift, 'also');
    /** What is done with a line; its elements lie so far apart. */
    const line = (apart: string): string => {
      const over = (step: string): string => `for (let k = 0, at = from; k < n; k++, at += ${apart}) {
          ${reads.map((read) => read(array, 'at', 'whole')).join(' ')}
          ${step}
        }`;
      return `${labels(array)}
        ${code.passes.map(({ start, step }) => `let ${start};\n        ${over(step)}`).join('\n        ')}
        ${
          code.each !== undefined
            ? over(`${into}[to + at] = ${code.each};`)
            : code.reduce
              ? `total += ${code.end};`
              : `${second === undefined || pair === null ? '' : `${pair[0]}[alsoTo++] = ${second.end};`} ${into}[to++] = ${code.end};`
        }`;
    };
    const bytes = (result: string | undefined, own: number): string =>
      `${code.each === undefined ? 'left' : 'layout'}.size << ${result === 'bool' ? 0 : result === 'int64' ? 3 : own}`;
    const made = (result: 'bool' | 'int64' | undefined): string =>
      code.reduce
        ? `allocateFew(Layout.scalar, '${dtype}', ${1 << shift}, '${name}')`
        : `allocateFew(${layout}, '${result ?? dtype}', ${bytes(result, shift)}, '${name}')`;
    // Most lines are all elements, or the last dimension.
    return `function lines_${name}_${dtype}(${further}) {
    ${starts.map((start) => start(shift)).join(' ')}
    const out = ${made(code.result)};
    let to = ${to}, total = 0;
    ${second === undefined || pair === null ? '' : `const also = ${made(second.result)}; let alsoTo = ${pair[1]};`}
    if (inner === 1) {
      const r = 0;
      for (let o = 0, from = 0; o < outer; o++, from += n) {
        ${line('1')}
      }
    } else
      for (let o = 0; o < outer; o++)
        for (let r = 0; r < inner; r++) {
          const from = o * n * inner + r;
          ${line('inner')}
        }
    ${code.reduce ? `${array}[to] = ${ARGUMENTS[params.indexOf('reduction')]} === 'sum' ? total : total / (outer * inner);` : ''}
    return ${second === undefined ? 'out' : 'pair(out, also)'};
}`;
  });
  const body = `${code.ndim === undefined ? '' : `if (layout.ndim !== ${code.ndim}) return null;`}
  let left = Layout.scalar, outer = 1, n = size, inner = 1;
  if (${given} !== undefined || ${keepdim} === true) {
    left = lineLayout(layout, ${given}, ${keepdim});
    if (left === null) return null;
    outer = lines.outer; n = lines.size; inner = lines.inner;
  }
  ${FLOATS.map((dtype) => `if (dtype === '${dtype}') return lines_${name}_${dtype}(${further});`).join(' ')}
  return null;`;
  return [functions.join('\n'), body];
}
