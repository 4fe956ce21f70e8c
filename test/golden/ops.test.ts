/**
 * Every op against PyTorch's results: values, gradients, second-order gradients and changed inputs, in float64 and
 * float32. NABLA_GOLDEN names another folder that contains `ops/`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { WideFloatDType } from 'nabla/core';
import { afterAll, describe, expect, it } from 'vitest';
import { isDeviation } from './deviations.js';
import { groupFolder } from './folder.js';
import { isSupported, type ReferenceFile, runSample } from './ops/run.js';

const folder = groupFolder('ops');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as ReferenceFile);

const supported = files.filter(({ op }) => isSupported(op));
const unsupported = files.filter(({ op }) => !isSupported(op)).map(({ op }) => op);
const failed = new Set<string>();
let samples = 0;

describe('ops agree with PyTorch', () => {
  it('finds the reference files', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(supported.length).toBeGreaterThan(0);
  });

  it.each(supported)('$op', ({ op, samples: list }) => {
    const problems: string[] = [];
    for (const precision of ['float64', 'float32'] satisfies WideFloatDType[]) {
      list.forEach((sample, i) => {
        if (precision === 'float32' && sample.float32 === false) return;
        if (isDeviation(op, i)) return;
        samples++;
        const problem = runSample(op, sample, precision);
        if (problem !== null) problems.push(`sample ${i} in ${precision}: ${problem}`);
      });
    }
    if (problems.length > 0) failed.add(op);
    expect(problems, problems.join('\n')).toEqual([]);
  });

  afterAll(() => {
    console.log(
      `ops: ${supported.length - failed.size} passed, ${failed.size} failed, ${unsupported.length} unsupported ` +
        `(${samples} samples run)` +
        (failed.size > 0 ? `\nfailed: ${[...failed].join(' ')}` : '') +
        (unsupported.length > 0 ? `\nunsupported: ${unsupported.join(' ')}` : ''),
    );
  });
});
