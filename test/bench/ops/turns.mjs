/** Timing of contenders that take turns, so that what disturbs the machine disturbs all of them alike. */

/** What a measurement may differ by without saying anything. */
export const NOISE = 1.1;

/** Milliseconds for each contender: a turn, and all turns of one measurement. */
const TURN = 0.5;
const TURNS = 9;

/**
 * @param {Record<string, { run: () => unknown }>} contenders
 * @param {number} effort how many times as many turns as usual
 * @returns {Promise<Record<string, { time: number, best: number }>>} median and least milliseconds a call
 */
export async function takeTurns(contenders, effort) {
  const entries = [];
  for (const [name, { run, asynchronous }] of Object.entries(contenders)) {
    const each = await warmUp(run, asynchronous);
    const calls = Math.max(1, Math.min(20_000, Math.round(TURN / each)));
    // What takes long is measured less often.
    const turns = effort * (each > 20 ? 3 : each > 4 ? 5 : TURNS);
    entries.push({ name, run, asynchronous, calls, times: [], turns });
  }
  const turns = Math.max(...entries.map((entry) => entry.turns));
  for (let turn = 0; turn < turns; turn++)
    for (const { run, asynchronous, calls, times, turns: own } of entries) {
      if (turn >= own) continue;
      const began = performance.now();
      if (asynchronous) for (let i = 0; i < calls; i++) await run();
      else for (let i = 0; i < calls; i++) run();
      times.push((performance.now() - began) / calls);
    }
  return Object.fromEntries(
    entries.map(({ name, times }) => {
      times.sort((a, b) => a - b);
      return [name, { time: times[times.length >> 1], best: times[0] }];
    }),
  );
}

/**
 * Calls until a function is compiled, which other work on the machine puts off, and the milliseconds that are waited
 * for them.
 */
const WARM_CALLS = 20_000;
const WARM = [10, 60];

/** Runs until compiled; the time of a call at the end. */
async function warmUp(run, asynchronous) {
  const began = performance.now();
  const isWarm = (now, calls) => now > began + WARM[calls < WARM_CALLS ? 1 : 0];
  let calls = 0;
  let batch = 1;
  for (;;) {
    const turn = performance.now();
    for (let i = 0; i < batch; i++)
      if (asynchronous) await run();
      else run();
    const now = performance.now();
    calls += batch;
    if (isWarm(now, calls) && (calls > 2 || now - turn > 20)) return Math.max((now - turn) / batch, 1e-6);
    batch = Math.min(1000, batch * 2);
  }
}

/** Whether the first takes longer than the second by more than noise, in the median and at best. */
export function slower(a, b) {
  return a !== undefined && b !== undefined && a.time > b.time * NOISE && a.best > b.best * NOISE;
}
