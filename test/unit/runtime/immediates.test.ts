import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { clearImmediate, setImmediate } from '../../../kernel/runtime/immediates.js';

/** Lets all immediates come that are ordered now. */
function allCome(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}

describe('setImmediate of cells', () => {
  it('calls in order, with the arguments, and later than everything synchronous', async () => {
    const calls: unknown[] = [];
    for (const name of ['a', 'b', 'c']) setImmediate((...args) => calls.push(args), name, 1);
    expect(calls).toEqual([]);
    await allCome();
    expect(calls).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
  });

  it('runs ticks and microtasks of one before the next', async () => {
    const calls: string[] = [];
    setImmediate(() => {
      void Promise.resolve().then(() => calls.push('microtask'));
      process.nextTick(() => calls.push('tick'));
    });
    setImmediate(() => calls.push('next'));
    await allCome();
    expect(calls).toEqual(['tick', 'microtask', 'next']);
  });

  it.each([0, 1, 2])(
    'leaves out number %i when it is cleared, by the function or by `using`',
    async (index) => {
      for (const clear of [clearImmediate, (it: ReturnType<typeof setImmediate>) => it[Symbol.dispose]()]) {
        const calls: number[] = [];
        const ordered = [0, 1, 2].map((number) => setImmediate(() => calls.push(number)));
        clear(ordered[index]);
        await allCome();
        expect(calls).toEqual([0, 1, 2].filter((number) => number !== index));
      }
    },
  );

  it('clears those of Node too, and takes nonsense and what has come', async () => {
    let came = false;
    clearImmediate(globalThis.setImmediate(() => (came = true)));
    const old = setImmediate(() => undefined);
    await allCome();
    clearImmediate(old);
    clearImmediate(undefined);
    globalThis.clearImmediate(setImmediate(() => undefined) as unknown as NodeJS.Immediate);
    await allCome();
    expect(came).toBe(false);
  });

  it('keeps the asynchronous context in which each was ordered, also when an earlier one is cleared', async () => {
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const order = (name: string) => store.run(name, () => setImmediate(() => seen.push(store.getStore())));
    const first = order('first');
    order('second');
    order('third');
    clearImmediate(first);
    await allCome();
    expect(seen).toEqual(['second', 'third']);
  });

  it('tells whether it is still to come', async () => {
    const immediate = setImmediate(() => undefined);
    expect(immediate.hasRef()).toBe(true);
    expect(immediate.unref().hasRef()).toBe(false);
    expect(immediate.ref().hasRef()).toBe(true);
    await allCome();
    expect(immediate.hasRef()).toBe(false);
  });
});
