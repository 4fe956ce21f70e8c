/** What charts of tests are made with. */
import type { LiveEnvironment } from '../../../kernel/plots/live/live-display.js';

/** Numbers from 0 to 1 that look random (Park and Miller's generator). */
export function noise(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

export function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

/** A display that shows nothing. */
export const silent: LiveEnvironment = {
  host: () => ({
    kind: 'text',
    send: () => undefined,
    clearOutput: () => undefined,
    atCellEnd: () => undefined,
  }),
  now: () => 0,
  renderer: () => {
    throw new Error('a silent display renders nothing');
  },
};
