/** Every op is where a user of PyTorch looks for it: `torch.*` at the top, `torch.nn.functional.*` in F, `torch.linalg.*` in linalg. */
import * as core from 'nabla/core';
import { Tensor } from 'nabla/core';
import { expect, it } from 'vitest';
import { families } from '../../../core/ops/methods.js';
import { type OpRecord, registry } from '../../../core/ops/record.js';

/** PyTorch has these as methods of tensors only. */
const METHODS = new Set([
  'view',
  'expand',
  'expandAs',
  'repeat',
  'unfold',
  'at',
  'indexPut',
  'to',
  'typeAs',
  'float',
  'double',
  'half',
  'bfloat16',
  'int',
  'long',
  'bool',
  'contiguous',
  'mT',
]);

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function names(torch: string | readonly string[] | undefined, name: string): string[] {
  if (torch === undefined) return [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
  return [torch].flat();
}

it('exports every op under its name in PyTorch', () => {
  const missing: string[] = [];
  for (const record of registry.values()) {
    for (const torch of names(record.torch, record.name)) {
      if (torch.startsWith('Tensor.')) continue;
      const place = torch.startsWith('nn.functional.')
        ? core.F
        : torch.startsWith('linalg.')
          ? core.linalg
          : torch.startsWith('fft.')
            ? core.fft
            : core;
      const short = camelCase(torch.replace(/^(nn\.functional|linalg|fft)\./, ''));
      if (place === core && METHODS.has(short)) continue;
      if (Reflect.get(place, short) === undefined) missing.push(torch);
    }
  }
  expect(missing).toEqual([]);
});

it('names methods as the types say, which follow the exports', () => {
  for (const family of families) {
    for (const [name, op] of Object.entries(family)) {
      if (typeof op !== 'function' || !('record' in op)) continue;
      const { record } = op as { record: OpRecord };
      if (record.kind !== 'function') expect(record.name).toBe(name);
    }
  }
});

it('gives tensors a method for every op that is one, and its in-place twin', () => {
  for (const record of registry.values()) {
    if (record.kind === 'function') continue;
    expect(Reflect.get(Tensor.prototype, record.name), record.name).toBeTypeOf('function');
    if (record.kind === 'inPlace') {
      expect(Reflect.get(Tensor.prototype, `${record.name}_`), `${record.name}_`).toBeTypeOf('function');
    }
  }
});

it('says and sets how many threads compute, as torch.get_num_threads and torch.set_num_threads', () => {
  const before = core.getNumThreads();
  try {
    core.setNumThreads(1);
    expect(core.getNumThreads()).toBe(1);
    expect(core.kernelInfo().threads).toBe(1);
  } finally {
    core.setNumThreads(before);
  }
});
