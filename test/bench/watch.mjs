/**
 * What `watch(model)` and a live loss chart, both with all their defaults, cost a training, against the bound of 5 %.
 *
 * **The measure is a whole training in a kernel of its own**, as a person has it: from before the chart is made to the moment when
 * the next cell begins, so that the start, all frames and the last pictures are in it. The same seed and the same steps run plain and
 * watched, in the order ABBA; compared are the pairs, by the median and its 95 % interval. Trainings of 10 s and of 3 s are told apart,
 * as what begins and ends once weighs more in the shorter one.
 *
 * - *Wall time without waits for a processor* decides. On a machine with an idle processor it is the wall time. On one that others use
 *   it leaves out what they take; what the training itself waits for, as for its last pictures, counts. Wall time beside it says what it was
 *   here and now, and the CPU time of the thread that trains what that thread itself does.
 * - Where two threads train on two processors, as the convolutions do while one is idle, waiting for the thread that draws is left out too:
 *   look at the wall time and the CPU time beside it. How often a helper takes part depends on what else runs, so compare on a quiet machine.
 * - *Not measured by stopping and continuing two kernels in turns*, as it was once: each turn of a quarter of a second then begins with
 *   caches that the other has emptied, and on a busy machine the two threads of the watched kernel got the processors that its session was given
 *   between them, so drawing was billed as training. Nor with several models in one process: those that are not watched pay for the hooks, too.
 *
 * `npm run bench:watch [-- --quick] [--only moons|mlp|cnn|transformer] [--what cw|c|w] [--pairs N] [--seconds N]`; with another Node, run this file by it.
 */
import { parseArgs } from 'node:util';
import { MODELS, TITLES } from './watch/models.mjs';
import { pace, training } from './watch/whole.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    what: { type: 'string', default: 'cw' },
    pairs: { type: 'string' },
    seconds: { type: 'string' },
  },
});

const BOUND = 0.05;
const lengths = options.seconds === undefined ? (options.quick ? [3] : [3, 10]) : [Number(options.seconds)];
const pairs = Number(options.pairs ?? (options.quick ? 6 : 12));

const sum = (values) => values.reduce((a, b) => a + b, 0);
const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** The median's interval by the order of the values: the chance that it lies outside is 5 % at most (6 values or more). */
function interval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  let below = 0;
  let chance = 0.5 ** sorted.length;
  for (let ways = chance; chance <= 0.025 && below < sorted.length / 2; chance += ways) {
    below += 1;
    ways *= (sorted.length - below + 1) / below;
  }
  const first = Math.max(0, below - 1);
  return [sorted[first], sorted[sorted.length - 1 - first]];
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const told = (values) => `${percent(median(values))} (${interval(values).map(percent).join(' to ')})`;
const ms = (values) => `${median(values).toFixed(0)} ms`;

let worst = { share: -Infinity, from: 0, to: 0 };
for (const name of Object.keys(MODELS)) {
  if (options.only !== undefined && name !== options.only) continue;
  const rate = await pace(name);
  console.log(`${TITLES[name]}: ${(1000 / rate).toFixed(3)} ms a step`);
  for (const seconds of lengths) {
    const found = [];
    for (let pair = 0; pair < pairs; pair++) {
      const one = {};
      for (const what of pair % 2 === 0 ? ['', options.what] : [options.what, ''])
        one[what === '' ? 'plain' : 'watched'] = await training(name, {
          steps: rate * seconds,
          seconds,
          what,
        });
      found.push(one);
    }
    const ratios = (of) => found.map(({ plain, watched }) => of(watched) / of(plain) - 1);
    const more = (of) => found.map(({ plain, watched }) => of(watched) - of(plain));
    /** Milliseconds without waits for a processor. */
    const busy = ({ wall, wait }, from = 0, to = wall.length) =>
      sum(wall.slice(from, to)) - sum(wait.slice(from, to));
    const net = ratios((one) => busy(one));
    const [from, to] = interval(net);
    if (median(net) > worst.share) worst = { share: median(net), from, to };
    const waits = median(found.map(({ plain }) => sum(plain.wait) / sum(plain.wall)));
    const length = median(found.map(({ plain }) => sum(plain.wall))) / 1000;
    console.log(`  ${length.toFixed(1)} s, ${pairs} pairs: ${told(net)} without waits for a processor`);
    console.log(
      `    wall ${told(ratios(({ wall }) => sum(wall)))}, of which a plain training waits ${percent(waits)}`,
    );
    console.log(`    CPU of its thread ${told(ratios(({ cpu }) => sum(cpu)))}`);
    const later = more((one) => busy(one, one.first, -1)).map((cost) => cost / (seconds - 1));
    console.log(
      `    ${ms(more((one) => busy(one, 0, one.first)))} more in the first second, ${ms(later)} in each later one, ${ms(more((one) => busy(one, -1)))} for the last pictures`,
    );
  }
}
const verdict =
  worst.to <= BOUND ? 'kept' : worst.from > BOUND ? 'NOT kept' : 'undecided, as the interval holds it';
console.log(`Node ${process.version}: worst ${percent(worst.share)}, bound ${percent(BOUND)}: ${verdict}`);
