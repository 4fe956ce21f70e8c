/** What `nabla doctor` says about libraries. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blasReport } from '../../../../core/kernels/blas/report.js';
import { FakeMachine, PASSED } from './machine.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => {
  rmSync(machine.folder, { recursive: true });
});

const report = () =>
  blasReport({ ...machine.surroundings(), compare: (_, verdict) => ({ ...verdict, advantage: 2.5 }) });
const said = () => report().map(({ state, text }) => `${state}: ${text}`);

describe("the doctor's lines about BLAS", () => {
  it('say that there is none, and what to do', () => {
    expect(report()).toEqual([
      {
        state: 'none',
        text: "native BLAS: none was found, products run on Nabla's own kernels",
        advice: expect.stringContaining('libopenblas0') as unknown,
      },
    ]);
  });

  it('name the library that is used, how fast it is, and what is wrong with the others', () => {
    const used = machine.library('libopenblas.so.0');
    const refused = machine.library('libblis.so.4');
    const around = machine.surroundings();
    const lines = blasReport({
      ...around,
      tryNow: (file) =>
        file === used ? { ...PASSED, advantage: undefined } : { ...PASSED, problem: 'it crashed (SIGILL)' },
      compare: (_, verdict) => ({ ...verdict, advantage: 2.5 }),
    });
    expect(lines.map(({ state, text }) => `${state}: ${text}`)).toEqual([
      `used: native BLAS: OpenBLAS 1, used: 100 GFLOP/s on one thread, 2.5 times as fast as Nabla's kernel (${used})`,
      `refused: native BLAS: ${refused} is refused: it crashed (SIGILL)`,
    ]);
  });

  it('refuse a library that is slower than our kernel, and take the next', () => {
    const slow = machine.library('libmkl_rt.so');
    const used = machine.library('libopenblas.so.0');
    const lines = blasReport({
      ...machine.surroundings(),
      tryNow: (file) => ({ ...PASSED, advantage: undefined, gflops: file === slow ? 200 : 100 }),
      compare: (file, verdict) => ({ ...verdict, advantage: file === slow ? 0.1 : 2 }),
    });
    expect(lines[0].text).toContain(`(${used})`);
    expect(lines[1].text).toBe(`native BLAS: ${slow} is refused: it is slower than Nabla's own kernel`);
  });

  it('try again what was refused before', () => {
    const file = machine.known('libopenblas.so.0', { ...PASSED, problem: 'broken then' });
    expect(said()).toEqual([expect.stringContaining(`used: native BLAS: OpenBLAS 1, used`)]);
    expect(machine.tried).toEqual([file]);
  });

  it('say that koffi is missing where a library is there', () => {
    machine.library('libopenblas.so.0');
    machine.koffi = undefined;
    expect(report()[0]).toMatchObject({ state: 'none', advice: 'run: npm install koffi' });
  });

  it('call a setting that does not work wrong, and one that turns it off none', () => {
    machine.env.NABLA_BLAS = '/nowhere/libopenblas.so';
    expect(said()).toEqual([
      expect.stringMatching(/^wrong: .*NABLA_BLAS=\/nowhere.* is refused: there is no such file/),
    ]);
    machine.env.NABLA_BLAS = machine.library('mine.so');
    machine.verdict = { ...PASSED, problem: 'it is for another processor (arm64)' };
    expect(said()).toEqual([
      expect.stringMatching(/^wrong: .*mine\.so is refused: it is for another processor \(arm64\)/),
    ]);
    machine.env.NABLA_BLAS = 'OFF';
    expect(said()).toEqual([expect.stringMatching(/^none: native BLAS: off/)]);
  });

  it('tell what OPENBLAS_CORETYPE costs', () => {
    machine.library('libopenblas.so.0');
    machine.env.OPENBLAS_CORETYPE = 'Nehalem';
    const lines = blasReport({
      ...machine.surroundings(),
      tryNow: (_, env) => ({ ...PASSED, gflops: env === undefined ? 33 : 104 }),
    });
    expect(lines.at(-1)).toEqual({
      state: 'note',
      text: 'OPENBLAS_CORETYPE=Nehalem makes OpenBLAS compute as on that processor: 33 GFLOP/s with it, 104 without it',
      advice: 'unset OPENBLAS_CORETYPE',
    });
  });
});
