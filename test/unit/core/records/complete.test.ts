/** Every op record has what the generic tests need, and is tested by one of them. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { registry } from '../../../../core/ops/record.js';
import { allFamilies, recordsOf } from './families.js';

describe('the op records', () => {
  it('have samples and error samples, all of them', () => {
    expect(registry.size).toBeGreaterThan(350);
    const without = [...registry.values()].filter((record) => record.samples === undefined);
    expect(without.map((record) => record.name)).toEqual([]);
  });

  it('are each tested in one file', () => {
    const tested = allFamilies.flatMap((family) => recordsOf(family).map((record) => record.name));
    expect(new Set(tested).size).toBe(tested.length);
    expect(tested.toSorted()).toEqual([...registry.keys()].toSorted());
    const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts'));
    expect(files.toSorted()).toEqual(
      [...allFamilies, 'complete'].map((name) => `${name}.test.ts`).toSorted(),
    );
  });
});
