/**
 * Reference samples that are not followed, because what PyTorch computed there is a defect of its own. Each is left out
 * by its place in its file, with the reason.
 */
export interface Deviation {
  /** The op, as its file is named. */
  readonly op: string;
  /** The sample's index in the file. */
  readonly sample: number;
  readonly reason: string;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    op: 'nn.functional.embedding_bag',
    sample: 8,
    reason:
      'scale_grad_by_freq: the CPU backward divides the gradient of the i-th distinct row by the count of the i-th ' +
      'sorted index instead of by its own count (counts[indices[i]] for counts[indices[start]]); here row 2, which ' +
      'occurs once, gets half of its gradient. nn.functional.embedding does it right.',
  },
];

export function isDeviation(op: string, sample: number): boolean {
  return DEVIATIONS.some((deviation) => deviation.op === op && deviation.sample === sample);
}
