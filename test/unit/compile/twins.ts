/** Two equal trainings, one as written and one compiled, that must give the same numbers. */
import { expect } from 'vitest';
import {
  compile,
  getRngState,
  manualSeed,
  nn,
  setRngState,
  Tensor,
  type Compiled,
} from '../../../core/index.js';

export interface Training {
  readonly model: nn.Module;
  readonly step: (...args: never[]) => Tensor;
}

export interface TwinOptions {
  readonly steps?: number;
  /** Largest difference, relative to 1 and to the number. */
  readonly tolerance?: number;
  /** What is done after each step, with each training. */
  readonly between?: (training: Training, at: number) => void;
}

function close(a: Tensor, b: Tensor, tolerance: number, what: string): void {
  const numbers = (x: Tensor): number[] => Array.from(x.detach().contiguous().toTypedArray());
  const [left, right] = [numbers(a), numbers(b)];
  expect(right.length, what).toBe(left.length);
  for (let i = 0; i < left.length; i++) {
    if (Object.is(left[i], right[i])) continue;
    const allowed = tolerance * (1 + Math.abs(left[i]));
    if (!(Math.abs(left[i] - right[i]) <= allowed))
      expect.fail(`${what}[${i}]: ${left[i]} as written, ${right[i]} compiled`);
  }
}

/** Trains both on the same arguments; what they return, parameters, buffers and gradients must agree after each step. */
export function trainTwins(
  make: () => Training,
  batch: (at: number) => readonly unknown[],
  { steps = 24, tolerance = 1e-5, between }: TwinOptions = {},
): Compiled<(...args: unknown[]) => Tensor> {
  manualSeed(7);
  const plain = make();
  manualSeed(7);
  const twin = make();
  const fast = compile(twin.step as unknown as (...args: unknown[]) => Tensor);
  for (let at = 0; at < steps; at++) {
    const args = batch(at);
    const state = getRngState();
    const expected = (plain.step as unknown as (...args: unknown[]) => Tensor)(...args);
    const after = getRngState();
    setRngState(state);
    const actual = fast(...args);
    expect(Buffer.compare(getRngState(), after), `random numbers after step ${at}`).toBe(0);
    close(expected, actual, tolerance, `result of step ${at}`);
    const ours = twin.model.namedParameters();
    plain.model.namedParameters().forEach(([name, parameter], i) => {
      close(parameter, ours[i][1], tolerance, `${name} after step ${at}`);
      expect(ours[i][1].grad === null, `grad of ${name} after step ${at}`).toBe(parameter.grad === null);
      if (parameter.grad !== null && ours[i][1].grad !== null)
        close(parameter.grad, ours[i][1].grad, tolerance, `grad of ${name} after step ${at}`);
    });
    plain.model.buffers().forEach((buffer, i) => {
      close(buffer, twin.model.buffers()[i], tolerance, `buffer ${i} after step ${at}`);
    });
    between?.(plain, at);
    between?.(twin, at);
  }
  return fast;
}
