/** Files that are larger than the heap and than the tensor memory, written and read by parts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { arange, io, type Tensor, tensor } from '../../../core/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-streaming-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

const x = arange(24).reshape([6, 4]).to('float32');

describe('createSafetensors', () => {
  it('writes what saveSafetensors writes, in any order', () => {
    const state = { rows: x, whole: tensor([1, 2 ** 40], { dtype: 'int64' }), flag: tensor(true) };
    io.saveSafetensors(file('at-once.safetensors'), state, { metadata: { note: 'x' } });
    const writer = io.createSafetensors(file('by-rows.safetensors'), state, { metadata: { note: 'x' } });
    writer.writeRows('rows', x.narrow(0, 0, 0));
    writer.write('flag', state.flag);
    writer.writeRows('rows', x.narrow(0, 0, 1));
    writer.writeRows('rows', x.narrow(0, 1, 5));
    writer.write('whole', state.whole);
    writer.finish();
    const [a, b] = ['at-once', 'by-rows'].map((name) => io.openSafetensors(file(`${name}.safetensors`)));
    expect(statSync(file('by-rows.safetensors')).size).toBe(statSync(file('at-once.safetensors')).size);
    for (const name of a.keys()) expect(b.get(name).toArray()).toEqual(a.get(name).toArray());
    expect(b.rows('rows', 2, 5).toArray()).toEqual(x.narrow(0, 2, 3).toArray());
    expect(b.rows('rows', 6, 6).shape).toEqual([0, 4]);
    expect(() => b.rows('rows', 5, 7)).toThrow(/shape \[6, 4\], in which there are no rows 5 to 7/);
    expect(() => b.rows('flag', 0, 1)).toThrow(/no rows/);
    a.close();
    b.close();
  });

  it('refuses what was not described, and leaves no unfinished file', () => {
    const make = (): io.SafetensorsWriter =>
      io.createSafetensors(file('none.safetensors'), { x: { dtype: 'float32', shape: [6, 4] } });
    const writer = make();
    expect(() => writer.write('y', x)).toThrow(/no tensor "y"; there are "x"/);
    expect(() => writer.write('x', x.to('float64'))).toThrow(/to be float32, got float64/);
    expect(() => writer.write('x', x.t())).toThrow(/to have shape \[6, 4\].*got \[4, 6\]/);
    writer.writeRows('x', x.narrow(0, 0, 5));
    expect(() => writer.writeRows('x', x.narrow(0, 0, 2))).toThrow(
      /16 bytes are left; got rows of shape \[2, 4\]/,
    );
    expect(() => writer.write('x', x)).toThrow(/80 bytes are written/);
    expect(() => writer.finish()).toThrow(/of tensor "x" 80 of 96 bytes were written/);
    make().abort();
    expect(readdirSync(folder).filter((name) => name.includes('none'))).toEqual([]);
    const huge = { x: { dtype: 'float32', shape: [2 ** 40, 2 ** 40] } } as const;
    expect(() => io.createSafetensors(file('huge.safetensors'), huge)).toThrow(/"x": the sizes .* overflow/);
  });
});

describe('files opened lazily', () => {
  it('are read by rows: npy', () => {
    io.saveNpy(file('x.npy'), x);
    const opened = io.openNpy(file('x.npy'));
    expect([opened.shape, opened.dtype, opened.rows(4, 6).toArray()]).toEqual([
      [6, 4],
      'float32',
      x.narrow(0, 4, 2).toArray(),
    ]);
    expect(() => opened.rows(0, 7)).toThrow(/no rows 0 to 7/);
    opened.close();
    expect(() => opened.rows(0, 1)).toThrow(/was closed/);
  });

  it('are read by name: sharded checkpoints', () => {
    const state: Record<string, Tensor> = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`layer${i}`, x.add(i)]),
    );
    io.saveSharded(file('m.safetensors.index.json'), state, { maxShardBytes: 96 });
    const opened = io.openSharded(file('m.safetensors.index.json'));
    expect(opened.keys()).toEqual(Object.keys(state));
    expect(opened.info('layer3').shape).toEqual([6, 4]);
    for (const name of opened.keys()) expect(opened.get(name).toArray()).toEqual(state[name].toArray());
    expect(opened.rows('layer7', 1, 2).toArray()).toEqual(state.layer7.narrow(0, 1, 1).toArray());
    expect(() => opened.get('layer40')).toThrow(/has no tensor "layer40"/);
    opened.close();
  });
});

it('work with files larger than heap and tensor memory together', () => {
  const core = new URL('../../../dist/core/index.js', import.meta.url).href;
  const code = `
    import { arange, io, memory, setMemoryLimit } from ${JSON.stringify(core)};
    setMemoryLimit(24e6);
    const [rows, width, step] = [32768, 1024, 1024];
    const writer = io.createSafetensors(${JSON.stringify(file('large.safetensors'))}, { x: { dtype: 'float32', shape: [rows, width] } });
    for (let i = 0; i < rows; i += step) writer.writeRows('x', arange(step).add(i).unsqueeze(1).expand([step, width]).to('float32'));
    writer.finish();
    const opened = io.openSafetensors(${JSON.stringify(file('large.safetensors'))});
    let sum = 0;
    for (let i = 0; i < rows; i += step) sum += opened.rows('x', i, i + step).mean(1).to('float64').sum().item();
    let refused = '';
    try { opened.get('x'); } catch (error) { refused = error.name; }
    opened.close();
    console.log(sum, refused, memory().peak < 24e6);
  `;
  const output = execFileSync(
    process.execPath,
    ['--max-old-space-size=48', '--input-type=module', '-e', code],
    { encoding: 'utf8' },
  );
  expect(statSync(file('large.safetensors')).size).toBeGreaterThan(2 ** 27);
  // The mean of row i is i.
  expect(output.trim()).toBe(`${(32768 * 32767) / 2} OutOfMemoryError true`);
});
