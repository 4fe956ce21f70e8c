import { describe, expect, it } from 'vitest';
import { bytesIn, OutputLimit } from '../../../kernel/run/output-limit.js';
import type { OutputEvent } from '../../../kernel/run/index.js';

const text = (text: string): OutputEvent => ({ type: 'stream', name: 'stdout', text });
const picture = (size: number): OutputEvent => ({
  type: 'display',
  data: { 'image/png': 'x'.repeat(size) },
  metadata: {},
});
const note = { type: 'stream', name: 'stderr', text: expect.stringContaining('beyond 10 bytes') as string };

describe('the limit of a cell’s outputs', () => {
  it('keeps what fits, says once that something is missing, and never drops an error', () => {
    const limit = new OutputLimit(10);
    expect(limit.apply(text('12345'))).toEqual([text('12345')]);
    expect(limit.apply(text('67890ab'))).toEqual([text('67890'), note]);
    expect(limit.apply(text('more'))).toEqual([]);
    expect(limit.apply(picture(3))).toEqual([]);
    const error: OutputEvent = { type: 'error', ename: 'Error', evalue: 'e'.repeat(50), traceback: [] };
    expect(limit.apply(error)).toEqual([error]);
  });

  it('cuts between characters', () => {
    expect(new OutputLimit(10).apply(text('12345678éé'))).toEqual([text('12345678é'), note]);
    expect(new OutputLimit(10).apply(text('123456789é'))).toEqual([text('123456789'), note]);
  });

  it('leaves out a display that is too large, but lets one that is updated in place change for ever', () => {
    const limit = new OutputLimit(10);
    expect(limit.apply(picture(11))).toEqual([note]);
    const update: OutputEvent = { type: 'update', data: { a: '12345678' }, metadata: {}, displayId: 'd' };
    for (let i = 0; i < 5; i++) expect(limit.apply(update)).toEqual([update]);
  });

  it('begins anew when the outputs are cleared', () => {
    const limit = new OutputLimit(10);
    limit.apply(text('1234567890'));
    limit.apply({ type: 'clear', wait: false });
    expect(limit.apply(text('again'))).toEqual([text('again')]);
  });
});

it('reads sizes', () => {
  expect(['200000', '200k', '1.5M', '2GB', '0', '-1', '5 apples', ''].map(bytesIn)).toEqual([
    200_000,
    200_000,
    1_500_000,
    2_000_000_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
