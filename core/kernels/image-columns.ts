/** Windows over images. */

/** Windows over planes of one size. */
export interface ImageWindows {
  readonly planes: number;
  readonly input: readonly [height: number, width: number];
  readonly kernel: readonly [height: number, width: number];
  readonly counts: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: number, width: number];
  readonly dilation: readonly [height: number, width: number];
}

/** The windows of which one place of the kernel lies in the input, along one dimension. */
export interface Inside {
  readonly first: number;
  readonly count: number;
  /** Where in the input the place of the first of them lies. */
  readonly at: number;
}

/** The first and the number of the places i with 0 <= start + step i < size, of `count`. */
export function inside(
  start: number,
  step: number,
  size: number,
  count: number,
): [first: number, number: number] {
  const first = start >= 0 ? 0 : Math.ceil(-start / step);
  const end = Math.min(count, Math.ceil((size - start) / step));
  return [first, Math.max(0, end - first)];
}

/** Those of the place `q` along the dimension `d`. */
export function insideOf(
  { input, counts, stride, padding, dilation }: ImageWindows,
  d: 0 | 1,
  q: number,
): Inside {
  const shift = q * dilation[d] - padding[d];
  const [first, count] = inside(shift, stride[d], input[d], counts[d]);
  return { first, count, at: first * stride[d] + shift };
}
