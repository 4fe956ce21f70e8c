/** Several runs at once and sweeps, against the real kernel. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codeCells, nabla, Notebooks } from './notebooks.js';

const notebooks = new Notebooks();
const { folder, write: notebook } = notebooks;
afterAll(() => notebooks.remove());

const inFolder = (name: string): string => path.join(folder, name);
const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('many notebooks', () => {
  it('run from a pattern, each in its own kernel, and all are reported', async () => {
    mkdirSync(inFolder('many'));
    const [good, bad] = [notebook('var x = (globalThis.x ?? 0) + 1; record("x", x)'), notebook('nope')];
    for (const name of ['a', 'c', 'd.executed']) copyFileSync(good, inFolder(`many/${name}.ipynb`));
    copyFileSync(bad, inFolder('many/b.ipynb'));
    const [summary, xml] = [inFolder('s.json'), inFolder('s.xml')];
    const pattern = inFolder('many/*.ipynb');
    const { code, stdout } = await nabla('run', pattern, '--jobs', '2', '--json', summary, '--junit', xml);
    expect(code).toBe(1);
    expect(stdout).toContain('1 of 3 notebooks failed');
    expect(stdout).toMatch(/b\.ipynb ✗ .*cell 1 of 1 failed: ReferenceError: nope is not defined/);
    expect(json(summary)).toMatchObject({
      exitCode: 1,
      runs: [
        { input: inFolder('many/a.ipynb'), exitCode: 0, records: { x: 1 } },
        { exitCode: 1 },
        { input: inFolder('many/c.ipynb'), exitCode: 0, records: { x: 1 } },
      ],
    });
    expect(readFileSync(xml, 'utf8').match(/<testsuite /g)).toHaveLength(3);
    expect(existsSync(inFolder('many/c.executed.ipynb'))).toBe(true);
    expect((await nabla('run', inFolder('many/z*.ipynb'))).code).toBe(3);
  });

  it('go to a folder that is given, unless two would go to one file', async () => {
    const input = notebook('1');
    const out = inFolder('out');
    expect((await nabla('run', input, '--out-dir', out, '--progress', 'none')).code).toBe(0);
    expect(existsSync(path.join(out, path.basename(input)))).toBe(true);
    const twin = inFolder(`many/${path.basename(input)}`);
    copyFileSync(input, twin);
    const { code, stderr } = await nabla('run', input, twin, '--out-dir', out);
    expect([code, stderr]).toEqual([2, expect.stringContaining('would both be written to')]);
  });

  it('are never written over: two names are IN and OUT only when OUT is no other notebook', async () => {
    const [a, b] = [notebook('"a"'), notebook('"b"')];
    const before = readFileSync(b, 'utf8');
    const { code, stderr } = await nabla('run', a, b);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is another notebook')]);
    expect(readFileSync(b, 'utf8')).toBe(before);
    const out = inFolder('a.out.ipynb');
    expect((await nabla('run', a, out)).code).toBe(0);
    expect((await nabla('run', a, out)).code).toBe(0);
    const script = inFolder('script.ts');
    writeFileSync(script, '1');
    expect((await nabla('run', a, script)).code).toBe(2);
    expect(readFileSync(script, 'utf8')).toBe('1');
  });
});

describe('a sweep', () => {
  const input = notebook(
    {
      code: 'const x: number = 0; const kind: "a" | "b" = "a"; const steps: number = 1',
      tags: ['parameters'],
    },
    'record("loss", (x - 2) ** 2 + (kind === "a" ? 1 : 0) + 1 / steps)',
  );

  it('runs every setting of a grid and says which is best', async () => {
    const file = inFolder('grid.yaml');
    writeFileSync(file, 'parameters: {x: {min: 1, max: 3, step: 1}, kind: [a, b]}\n');
    const out = inFolder('grid');
    const { code, stdout } = await nabla('run', input, out, '--sweep', file, '--jobs', '2', '-p', 'steps=2');
    expect(code).toBe(0);
    expect(stdout).toContain('run 4 is best: loss 0.5 with x 2, kind b');
    expect(json(path.join(out, 'summary.json'))).toHaveLength(6);
    expect(readFileSync(path.join(out, 'summary.csv'), 'utf8')).toMatch(
      /^run,x,kind,loss,ended,seconds,notebook\n1,1,a,2.5,ok,/,
    );
    expect(codeCells(path.join(out, 'run-004.ipynb'))[1].source).toContain('const x: number = 2');
    const [table, chart] = codeCells(path.join(out, 'summary.ipynb'));
    expect(table.outputs).toMatchObject([
      { data: { 'text/html': expect.stringContaining('run-006.ipynb') as string } },
    ]);
    expect(chart.outputs).toMatchObject([{ data: { 'image/png': expect.any(String) as string } }]);
  });

  it('halves, giving the best more budget', async () => {
    const file = inFolder('halving.json');
    writeFileSync(
      file,
      JSON.stringify({
        method: 'halving',
        parameters: { x: { min: 0, max: 4 } },
        samples: 4,
        metric: 'loss',
        budget: { name: 'steps', min: 1, max: 4, factor: 2 },
      }),
    );
    const out = inFolder('halving');
    expect((await nabla('run', input, out, '--sweep', file, '--jobs', '2', '--progress', 'none')).code).toBe(
      0,
    );
    const rows = json(path.join(out, 'summary.json')) as { setting: { x: number; steps: number } }[];
    expect(rows.map(({ setting }) => setting.steps)).toEqual([1, 1, 1, 1, 2, 2, 4]);
    const distance = ({ setting }: (typeof rows)[number]): number => Math.abs(setting.x - 2);
    const nearest = rows
      .slice(0, 4)
      .map(distance)
      .sort((a, b) => a - b);
    expect(rows.slice(4, 6).map(distance)).toEqual(nearest.slice(0, 2));
    expect(distance(rows[6])).toBe(nearest[0]);
  });

  it('refuses a name or a value that the notebook does not take, before anything runs', async () => {
    const file = inFolder('wrong.yaml');
    for (const [yaml, said] of [
      ['parameters: {y: [1]}', 'the notebook has no parameter y'],
      ['parameters: {kind: [a, c]}', 'parameter kind must be "a" | "b", not "c"'],
    ]) {
      writeFileSync(file, yaml);
      const { code, stderr } = await nabla('run', input, inFolder('wrong'), '--sweep', file);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
    expect(existsSync(inFolder('wrong'))).toBe(false);
  });
});
