/** What a convolution's kernels know of its sizes. One and two dimensions are three, of which the first have size 1. */

export type Triple = readonly [number, number, number];

export interface ConvGeometry {
  readonly samples: number;
  readonly groups: number;
  /** Channels of a group, of the convolution's input and of its result. */
  readonly channels: number;
  readonly outChannels: number;
  /** Sizes of input, kernel and result over depth, height and width. */
  readonly input: Triple;
  readonly kernel: Triple;
  readonly counts: Triple;
  readonly stride: Triple;
  /** Zeros in front; those behind follow from the sizes. */
  readonly padding: Triple;
  readonly dilation: Triple;
}

/** The product of three sizes. */
export function volume([depth, height, width]: Triple): number {
  return depth * height * width;
}
