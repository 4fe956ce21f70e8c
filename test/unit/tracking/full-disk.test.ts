/** A disk that fills up in the middle of a record, simulated where the writer meets the system. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';

/** Bytes that still fit. */
const disk = vi.hoisted(() => ({ room: Infinity }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const writeSync = (descriptor: number, bytes: Uint8Array, offset = 0): number => {
    const count = Math.min(bytes.length - offset, disk.room);
    if (count === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    disk.room -= count;
    return fs.writeSync(descriptor, bytes, offset, count);
  };
  return { ...fs, writeSync, default: { ...fs, writeSync } };
});

const { EventFile } = await import('../../../core/tracking/event-file.js');
const { encodeEvent } = await import('../../../core/tracking/event.js');
const { readRun } = await import('../../../core/tracking/reader.js');

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-full-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  disk.room = Infinity;
});

const event = (step: number): Uint8Array =>
  encodeEvent({ wallTime: 1, step, values: [{ tag: 'x', scalar: step }] });
const stepsIn = (run: string): number[] => (readRun(run).scalars.get('x') ?? []).map(({ step }) => step);

it('costs the measurements of that time, and no record around them', () => {
  let now = 0;
  const said: string[] = [];
  const run = path.join(folder, 'a');
  const file = new EventFile(
    run,
    (text) => said.push(text),
    () => now,
  );
  file.append(event(0));
  disk.room = 5;
  expect(file.append(event(1))).toBe(false);
  expect(file.append(event(2))).toBe(false);
  expect(said).toEqual([
    `SummaryWriter: the run in ${run} cannot be written (the disk is full, ENOSPC). The training goes on; what it measures is lost until writing succeeds again.`,
  ]);
  expect(stepsIn(run)).toEqual([0]);
  now = 5000;
  expect(file.append(event(3))).toBe(false);
  disk.room = Infinity;
  now = 10_000;
  expect(file.append(event(4))).toBe(true);
  expect(file.append(event(5))).toBe(true);
  expect(said).toHaveLength(2);
  expect(said[1]).toContain('3 measurements were lost');
  file.close();
  expect(stepsIn(run)).toEqual([0, 4, 5]);
});

it('from the start: the file begins as readers want it once there is room', () => {
  let now = 0;
  const said: string[] = [];
  const run = path.join(folder, 'b');
  disk.room = 3;
  const file = new EventFile(
    run,
    (text) => said.push(text),
    () => now,
  );
  expect(file.append(event(0))).toBe(false);
  disk.room = Infinity;
  now = 5000;
  expect(file.append(event(1))).toBe(true);
  file.close();
  expect(said).toHaveLength(2);
  expect(stepsIn(run)).toEqual([1]);
});
