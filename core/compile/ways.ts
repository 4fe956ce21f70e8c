/** The ways that ops take while a step is traced, and while one of its ops is called again. */
import { gradMode, type Watch } from '../autograd/mode.js';
import { fewElements } from '../ops/few.js';
import { fusing } from '../ops/fused.js';

/** What is otherwise while a step is traced, and while one of its ops is called again: the ways that ops take. */
export interface Ways {
  restore(): void;
}

/** Lets ops call kernels always, and at once. */
export function takeKernels(watch: Watch): Ways {
  const { limit } = fewElements;
  const { after } = fusing;
  const before = gradMode.watch;
  fewElements.limit = 0;
  fusing.after = 0;
  gradMode.watch = watch;
  return {
    restore: () => {
      fewElements.limit = limit;
      fusing.after = after;
      gradMode.watch = before;
    },
  };
}
