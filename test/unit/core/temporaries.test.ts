/**
 * Temporaries are swept when nothing holds them. An op that reads one must not lose it to an allocation of its own:
 * with a sweep before every allocation, results are still those of an undisturbed run.
 */
import { noGrad, reclaimMemory, setDefaultDtype, Tensor } from 'nabla/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registry } from '../../../core/ops/record.js';
import { Storage } from '../../../core/storage.js';
import { callOf, replaceTensors, sampleMaker, scattered, tensorsIn } from './samples.js';

const allocate = Storage.allocate.bind(Storage);

beforeAll(() => setDefaultDtype('float64'));
afterAll(() => {
  Storage.allocate = allocate;
  setDefaultDtype('float32');
});

/** Every allocation sweeps first and is filled with other numbers, as memory that was used before would be. */
function disturbed<T>(run: () => T): T {
  Storage.allocate = (bytes, operation) => {
    reclaimMemory();
    return allocate(bytes, operation);
  };
  try {
    return run();
  } finally {
    Storage.allocate = allocate;
  }
}

// One op of each kind of loop over elements; all of them would take minutes.
const names = ['sort', 'median', 'quantile', 'nonzero', 'hypot', 'fmax', 'nllLoss', 'gather', 'maxPool2d'];

it.each(names)('%s', (name) => {
  const record = registry.get(name)!;
  const samples = record.samples?.(sampleMaker()) ?? [[sampleMaker()([3, 4])]];
  for (const args of samples) {
    const run = (): Tensor[] =>
      noGrad(() => tensorsIn(callOf(record)(...replaceTensors(args, tensorsIn(args).map(scattered)))));
    const expected = run().map((x): unknown => x.toArray());
    expect(disturbed(run).map((x): unknown => x.toArray())).toEqual(expected);
  }
});
