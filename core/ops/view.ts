/**
 * Views: tensors that share the storage of another under another layout. One record says what a view does to a
 * layout; its derivative follows from that (write the gradient into zeros through the same view) unless the record
 * knows a cheaper one.
 */
import { late } from '../autograd/levels/late.js';
import { highest, levels, type Step } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { backwardName, type Gradients, Node } from '../autograd/node.js';
import { elementOf, isFloat, isHalf, itemSize } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { Layout, type Shape } from '../layout.js';
import { f32, f64 } from '../memory.js';
import { allocate, Tensor, type ViewOf } from '../tensor.js';
import { isFew } from './few.js';
import { cleared, floatsOf, isFewFloats, startOf } from './few-lines.js';
import { apply, type Primitive } from './primitive.js';
import { castCopy, elements, filled, move } from './raw.js';

export interface ViewRecord<A> {
  readonly name: string;
  readonly layout: (layout: Layout, attributes: A) => Layout;
  /** The gradient of the viewed tensor (of shape `shape`), where that is cheaper than writing into zeros. */
  readonly vjp?: (grad: Tensor, shape: Shape, attributes: A) => Tensor;
}

class View<A> implements ViewOf {
  constructor(
    readonly base: Tensor,
    readonly parent: Tensor,
    private readonly record: ViewRecord<A>,
    private readonly attributes: A,
  ) {}

  replay(parent: Tensor): Tensor {
    return makeView(this.record, parent, this.attributes);
  }
}

class ViewNode<A> extends Node {
  private readonly shape: Shape;

  constructor(
    private readonly record: ViewRecord<A>,
    private readonly attributes: A,
    x: Tensor,
  ) {
    super([x.edge()]);
    this.shape = x.layout.shape;
  }

  get name(): string {
    return backwardName(this.record.name);
  }

  backward(grad: Tensor): Gradients {
    const { record, shape, attributes } = this;
    return [
      record.vjp === undefined
        ? writeThroughView(record, grad, shape, attributes)
        : record.vjp(grad, shape, attributes),
    ];
  }

  override addInto(grad: Tensor, sum: Tensor): boolean {
    const { record, attributes } = this;
    return record.vjp === undefined && addFewOrRow(grad, sum, record.layout(sum.layout, attributes));
  }

  release(): void {
    // A view reads no elements, so nothing is saved and the node can be walked again.
  }
}

/** A view of `x`, recorded. */
export function makeView<A>(record: ViewRecord<A>, x: Tensor, attributes: A): Tensor {
  const y =
    levels.top !== null && x.level > 0
      ? viewOnLevel(record, x, attributes)
      : new Tensor(x.storage, record.layout(x.layout, attributes), x.dtype);
  if (!isFloat(x.dtype)) return y;
  const recorded = x.requiresGrad && gradMode.enabled;
  const base = x.viewOf === null ? x : x.viewOf.base;
  y.viewOf = new View(base, x, record, attributes);
  y.history = base.history;
  if (recorded) {
    y.node = new ViewNode(record, attributes, x);
    y.differentiable = true;
  }
  return y;
}

function viewOnLevel<A>(record: ViewRecord<A>, x: Tensor, attributes: A): Tensor {
  const again = ([value]: Step['inputs']): Tensor =>
    typeof value === 'number' ? x : makeView(record, value, attributes);
  return highest([x])!.run({
    name: record.name,
    inputs: [x],
    call: again,
    jvp: (_, [tangent]) => (tangent === null ? null : makeView(record, tangent, attributes)),
    batch: ([value]) => (typeof value === 'number' ? x : makeView(batchedRecord(record), value, attributes)),
  });
}

// One record has one type of attributes, which is the batched record's too.
const batchedRecords = new WeakMap<object, unknown>();

/** The same view of each sample of a batch. */
function batchedRecord<A>(record: ViewRecord<A>): ViewRecord<A> {
  const known = batchedRecords.get(record) as ViewRecord<A> | undefined;
  if (known !== undefined) return known;
  const { vjp } = record;
  const batched: ViewRecord<A> = {
    name: record.name,
    layout: ({ shape, strides, offset }, attributes) => {
      if (shape[0] === 0) {
        const { shape: viewed } = record.layout(Layout.contiguous(shape.slice(1)), attributes);
        return Layout.contiguous([0, ...viewed], offset);
      }
      const sample = record.layout(Layout.of(shape.slice(1), strides.slice(1), offset), attributes);
      return Layout.of([shape[0], ...sample.shape], [strides[0], ...sample.strides], sample.offset);
    },
    vjp:
      vjp &&
      ((grad, shape, attributes) => late.mapSamples((g) => vjp(g, shape.slice(1), attributes), [grad])),
  };
  batchedRecords.set(record, batched);
  return batched;
}

interface WriteAttributes<A> {
  readonly shape: Shape;
  readonly record: ViewRecord<A>;
  readonly attributes: A;
}

const writePrimitive: Primitive<WriteAttributes<unknown>> = {
  name: 'writeThroughView',
  forward: ([grad], { shape, record, attributes }) => {
    if (isHalf(grad.dtype)) {
      // Where elements overlap they are added, in float32.
      const wide = filled(shape, 0, 'float32', 'backward');
      addThroughLayout(castCopy(grad, 'float32', 'backward'), wide, record.layout(wide.layout, attributes));
      return castCopy(wide, grad.dtype, 'backward');
    }
    const out = filled(shape, 0, grad.dtype, 'backward');
    addThroughLayout(grad, out, record.layout(out.layout, attributes));
    return out;
  },
  vjp: (grad, { attributes: { record, attributes } }) => [makeView(record, grad, attributes)],
  jvp: 'linear',
  batch: ([grad], { shape, record, attributes }, { size }) =>
    apply(writePrimitive, [grad], { shape: [size, ...shape], record: batchedRecord(record), attributes }),
};

/** Zeros of `shape`, with `grad` added where the view of them lies. */
function writeThroughView<A>(record: ViewRecord<A>, grad: Tensor, shape: Shape, attributes: A): Tensor {
  if (!gradMode.enabled && levels.top === null && isFewFloats(grad)) {
    const few = writeFew(grad, Layout.contiguous(shape), (whole) => record.layout(whole, attributes));
    if (few !== null) return few;
  }
  // The primitive only hands attributes back to their record.
  return apply(writePrimitive as Primitive<WriteAttributes<A>>, [grad], { shape, record, attributes });
}

/** The same of few floats in order, as one loop; null for views of more than three dimensions. */
function writeFew(grad: Tensor, whole: Layout, view: (whole: Layout) => Layout): Tensor | null {
  const layout = view(whole);
  if (layout.ndim > 3 || !isFew(whole.size)) return null;
  const out = cleared(allocate(whole, grad.dtype, 'backward'));
  addFewAt(grad, startOf(out), layout);
  return out;
}

/** Adds few floats in order to those that a layout of up to three dimensions addresses. */
function addFewAt(x: Tensor, start: number, { shape, strides, ndim, offset }: Layout): void {
  const array = floatsOf(x);
  const [deep, tall, wide] = [
    ndim > 2 ? shape[0] : 1,
    ndim > 1 ? shape[ndim - 2] : 1,
    ndim > 0 ? shape[ndim - 1] : 1,
  ];
  const layer = ndim > 2 ? strides[0] : 0;
  const row = ndim > 1 ? strides[ndim - 2] : 0;
  const step = ndim > 0 ? strides[ndim - 1] : 0;
  let from = startOf(x);
  for (let d = 0; d < deep; d++)
    for (let r = 0; r < tall; r++)
      for (let c = 0, to = start + offset + d * layer + r * row; c < wide; c++, to += step)
        array[to] += array[from++];
}

/** Adds floats in order to where a view of `sum` lies, where they are few or lie in order there, too; else false. */
function addFewOrRow(x: Tensor, sum: Tensor, view: Layout): boolean {
  const { dtype, layout } = sum;
  if ((dtype !== 'float32' && dtype !== 'float64') || x.dtype !== dtype || x.level > 0 || sum.level > 0)
    return false;
  if (!x.layout.contiguous || !layout.contiguous || layout.size === 0 || x.layout.size === 0) return false;
  const isLoop = view.ndim <= 3 && isFew(x.layout.size);
  if (!isLoop && !view.contiguous) return false;
  const base = layout.offset;
  // What lies elsewhere is computed first: it may read what is changed here.
  const from = x.ptr;
  sum.changing();
  if (isLoop) addFewAt(x, startOf(sum) - base, view);
  else kernels.axpy(dtype, x.layout.size, 1, from, sum.ptr + (view.offset - base) * itemSize(dtype));
  return true;
}

/** Adds `x` to the elements of contiguous `out` that `layout` (of the shape of `x`) addresses, which are 0 so far. */
function addThroughLayout(x: Tensor, out: Tensor, layout: Layout): void {
  if (layout.size === 0) return;
  const element = elementOf(x.dtype);
  const { strides } = layout;
  const ptr = out.ptr + layout.offset * itemSize(out.dtype);
  if (layout.injective) {
    kernels.copyInto(element, layout.shape, x, { ptr, strides });
    return;
  }
  const target = elements(out);
  const source = element === 'float32' ? f32 : f64;
  const first = x.ptr / itemSize(x.dtype);
  forEachPair(layout.shape, x.strides, strides, (from, to) => {
    target[layout.offset + to] += source[first + from];
  });
}

/** Walks two strided arrays of one shape together in row-major order, giving element offsets. */
export function forEachPair(
  shape: Shape,
  a: readonly number[],
  b: readonly number[],
  visit: (a: number, b: number) => void,
): void {
  const ndim = shape.length;
  if (ndim === 0) {
    visit(0, 0);
    return;
  }
  const index = new Array<number>(ndim).fill(0);
  let x = 0;
  let y = 0;
  for (;;) {
    visit(x, y);
    let d = ndim - 1;
    for (; d >= 0; d--) {
      x += a[d];
      y += b[d];
      if (++index[d] < shape[d]) break;
      x -= a[d] * shape[d];
      y -= b[d] * shape[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

interface MaskAttributes {
  readonly region: (x: Tensor) => Tensor;
}

const maskPrimitive: Primitive<MaskAttributes> = {
  name: 'zeroRegion',
  forward: ([x], { region }) => {
    const out = castCopy(x, x.dtype, 'backward');
    const part = region(out);
    if (part.layout.size > 0) {
      const zero = filled(part.shape, 0, x.dtype, 'backward');
      move(x.dtype, part.shape, zero, part);
    }
    return out;
  },
  vjp: (grad, { attributes }) => [maskedWrite(grad, attributes.region)],
  jvp: 'linear',
  batch: ([x], { region }) =>
    apply(maskPrimitive, [x], { region: (whole) => late.mapSamples(region, [whole]) }),
};

/** A copy of `x` with zeros in a region given by a view. */
export function maskedWrite(x: Tensor, region: (x: Tensor) => Tensor): Tensor {
  return apply(maskPrimitive, [x], { region });
}
