/** V8's `gc`, which is there in contexts that are made while a flag is set. */
import v8 from 'node:v8';
import vm from 'node:vm';

export function heapCollector(): () => void {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  // V8 would refuse the code that the last start has kept under other flags.
  v8.setFlagsFromString('--no-expose-gc');
  return collect;
}
