/**
 * Tensors as text, the way PyTorch prints them: elements with four decimals in aligned columns, the middle of large
 * tensors left out, then shape, dtype, and what made the tensor.
 */
import { elementOf, isHalf, itemSize } from './dtype.js';
import { readHalf } from './half.js';
import { Wrapped } from './autograd/levels/wrapped.js';
import { formatShape } from './layout.js';
import { f32, f64, i32, u8 } from './memory.js';
import { chooseFormat } from './print-numbers.js';
import { printing } from './print-options.js';
import { Tensor } from './tensor.js';

/** However many dimensions there are, no more elements of a summarized tensor than this are shown. */
const MOST_SHOWN = 1500;

/** Reads the element at an offset of the tensor's storage. */
function reader(x: Tensor): (offset: number) => number {
  const { dtype } = x;
  const first = x.storage.ptr / itemSize(dtype);
  if (isHalf(dtype)) return (offset) => readHalf(dtype, 2 * (first + offset));
  const array = { float32: f32, float64: f64, int32: i32, uint8: u8 }[elementOf(dtype)];
  return (offset) => array[first + offset];
}

/** The positions shown of a dimension; null stands for those left out. */
function shown(size: number, edge: number): (number | null)[] {
  if (size <= 2 * edge || size <= 1) return Array.from({ length: size }, (_, i) => i);
  if (edge < 1) return [0, null];
  return [
    ...Array.from({ length: edge }, (_, i) => i),
    null,
    ...Array.from({ length: edge }, (_, i) => size - edge + i),
  ];
}

/**
 * How many positions at each end of each dimension are shown: three of a large tensor, fewer where there are so many
 * dimensions that the text would be long all the same, and of the outermost then only the first.
 */
function edgesOf(x: Tensor): number[] {
  const { shape } = x;
  if (x.numel() <= printing.threshold) return shape.map(() => Infinity);
  const count = (edges: readonly number[]): number =>
    shape.reduce((n, size, dim) => n * Math.min(size, Math.max(1, 2 * edges[dim])), 1);
  for (let edge = printing.edgeitems; edge >= 1; edge--) {
    const edges = shape.map(() => edge);
    if (count(edges) <= MOST_SHOWN) return edges;
  }
  const edges = shape.map(() => 1);
  for (let dim = 0; count(edges) > MOST_SHOWN; dim++) edges[dim] = 0;
  return edges;
}

function collect(x: Tensor, edges: readonly number[]): number[] {
  const read = reader(x);
  const values: number[] = [];
  const walk = (dim: number, offset: number): void => {
    if (dim === x.ndim) {
      values.push(read(offset));
      return;
    }
    for (const i of shown(x.shape[dim], edges[dim])) {
      if (i !== null) walk(dim + 1, offset + i * x.strides[dim]);
    }
  };
  walk(0, x.layout.offset);
  return values;
}

function body(x: Tensor, indent: number): string {
  const edges = edgesOf(x);
  const values = collect(x, edges);
  const { format, width } = chooseFormat(x.dtype, values);
  const read = reader(x);
  const cell = (offset: number): string => format(read(offset)).padStart(x.ndim === 0 ? 0 : width);

  const draw = (dim: number, offset: number, pad: number): string => {
    if (dim === x.ndim) return cell(offset);
    const positions = shown(x.shape[dim], edges[dim]);
    const stride = x.strides[dim];
    if (dim === x.ndim - 1) {
      const cells = positions.map((i) => (i === null ? ' ...' : cell(offset + i * stride)));
      const perLine = Math.max(1, Math.floor((printing.linewidth - pad) / (width + 2)));
      const lines: string[] = [];
      for (let i = 0; i < cells.length; i += perLine) lines.push(cells.slice(i, i + perLine).join(', '));
      return `[${lines.join(`,\n${' '.repeat(pad + 1)}`)}]`;
    }
    const rows = positions.map((i) => (i === null ? '...' : draw(dim + 1, offset + i * stride, pad + 1)));
    return `[${rows.join(`,${'\n'.repeat(x.ndim - dim - 1)}${' '.repeat(pad + 1)}`)}]`;
  };
  return x.numel() === 0 ? '[]' : draw(0, x.layout.offset, indent);
}

/** A tensor of a function transform: whose it is, and what is below. */
function formatWrapped(x: Wrapped): string {
  const inner = formatTensor(x.value).replaceAll('\n', '\n  ');
  return `${x.of.transform} tensor(level=${x.level}, shape=${formatShape(x.shape)}, value=\n  ${inner})`;
}

/**
 * The tensor as text: `tensor([[1., 2.]], shape=[1, 2], dtype=float32, gradFn=<AddBackward>)`. Bounded: of a tensor
 * with more than 1000 elements the first and last three of each dimension are shown, fewer of many dimensions.
 */
export function formatTensor(x: Tensor): string {
  if (x instanceof Wrapped) return formatWrapped(x);
  const prefix = 'tensor(';
  const text = `${prefix}${body(x, prefix.length)}`;
  const facts = [`dtype=${x.dtype}`];
  if (x.ndim > 0) facts.unshift(`shape=${formatShape(x.shape)}`);
  const node = x.gradFn;
  if (node !== null) facts.push(`gradFn=<${node.name}>`);
  else if (x.requiresGrad) facts.push('requiresGrad=true');
  const suffix = `${facts.join(', ')})`;
  const lastLine = text.length - (text.lastIndexOf('\n') + 1);
  const joint = lastLine + suffix.length + 2 > printing.linewidth ? `,\n${' '.repeat(prefix.length)}` : ', ';
  return `${text}${joint}${suffix}`;
}

declare module './tensor.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same parameters
  interface Tensor<S, D> {
    /** The elements, shape, dtype and gradient function as text; large tensors are summarized. */
    toString(): string;
  }
}

Tensor.prototype.toString = function () {
  return formatTensor(this);
};

// How Node's console and inspect show a tensor.
Object.defineProperty(Tensor.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Tensor): string {
    return formatTensor(this);
  },
});
