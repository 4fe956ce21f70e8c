/** Timing of contenders that take turns, so that what disturbs the machine disturbs all of them alike. */

/** What a measurement may differ by without saying anything. */
export const NOISE = 1.1;

/** Milliseconds of a turn, and turns of one measurement for each contender. */
const TURN = 0.5;
const TURNS = 9;

/**
 * Who takes so many times as long as the first after this many milliseconds of warming up is not looked at any closer:
 * most peers, most of the time. Everybody else is warmed up as the first is.
 */
const FAR = 4;
const GLANCE = 10;

/** Milliseconds of one call from which on nobody waits for more calls than are needed. */
const SLOW = 300;

/**
 * Calls until a function is compiled, which other work on the machine puts off, and the milliseconds that are waited
 * for them.
 */
const WARM_CALLS = 20_000;
export const WARM = [10, 60];

/**
 * @param {readonly object[]} contenders each has a `name`, `warm(milliseconds)`, which gives milliseconds a call, and
 *   `turn(calls)`, which gives those of the calls of a turn; the first is the one that the others are compared with
 * @param {number} effort how many times as many turns as usual
 * @param {(contender: object, error: Error) => void} fail is told who fails; the first may not
 * @returns {Promise<Record<string, { time: number, best: number }>>} median and least milliseconds a call
 */
export async function takeTurns(contenders, effort, fail) {
  const entries = [];
  const results = {};
  const [first] = contenders;
  for (const contender of contenders) {
    try {
      const far = FAR * (entries[0]?.each ?? Infinity);
      let each = await contender.warm(contender === first || effort > 1 ? WARM : [GLANCE, GLANCE]);
      if (contender !== first && (each > far || each > SLOW)) {
        results[contender.name] = { time: each, best: each };
        continue;
      }
      if (contender !== first && effort === 1) each = await contender.warm(WARM);
      const calls = Math.max(1, Math.min(20_000, Math.round(TURN / each)));
      // What takes long is measured less often.
      const turns = effort * (each > SLOW ? 1 : each > 20 ? 3 : each > 4 ? 5 : TURNS);
      entries.push({ contender, each, calls, times: [], turns });
    } catch (error) {
      if (contender === first) throw error;
      fail(contender, error);
    }
  }
  const turns = Math.max(...entries.map((entry) => entry.turns));
  for (let turn = 0; turn < turns; turn++)
    for (const entry of entries) {
      if (turn >= entry.turns) continue;
      try {
        entry.times.push(await entry.contender.turn(entry.calls));
      } catch (error) {
        if (entry.contender === first) throw error;
        entry.turns = 0;
        fail(entry.contender, error);
      }
    }
  for (const { contender, times } of entries) {
    if (times.length === 0) continue;
    times.sort((a, b) => a - b);
    results[contender.name] = { time: times[times.length >> 1], best: times[0] };
  }
  return results;
}

/** Milliseconds a call of some; a tenth as many come before, which find caches as the last contender left them. */
export async function timeCalls({ run, asynchronous }, calls) {
  for (let left = Math.floor(calls / 10); left > 0; left--)
    if (asynchronous) await run();
    else run();
  const began = performance.now();
  if (asynchronous) for (let i = 0; i < calls; i++) await run();
  else for (let i = 0; i < calls; i++) run();
  return (performance.now() - began) / calls;
}

/** Runs until compiled, for the lesser or, where that is not enough calls, the greater time; that of a call at best. */
export async function warmUp({ run, asynchronous }, [least, most]) {
  const began = performance.now();
  let calls = 0;
  let batch = 1;
  let best = Infinity;
  for (;;) {
    const turn = performance.now();
    for (let i = 0; i < batch; i++)
      if (asynchronous) await run();
      else run();
    const now = performance.now();
    calls += batch;
    best = Math.min(best, (now - turn) / batch);
    const isWarm = now > began + (calls < WARM_CALLS ? most : least);
    if (isWarm && (calls > 2 || now - turn > 20)) return Math.max(best, 1e-6);
    // Nobody waits long for the last batch.
    if ((now - turn) * 2 < most) batch = Math.min(1000, batch * 2);
  }
}

/** Whether the first takes longer than the second by more than noise, in the median and at best. */
export function slower(a, b) {
  return a !== undefined && b !== undefined && a.time > b.time * NOISE && a.best > b.best * NOISE;
}
