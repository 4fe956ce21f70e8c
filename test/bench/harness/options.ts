/** What all benchmark commands understand. */
import { parseArgs } from 'node:util';
import { type Effort, FULL, QUICK } from './rounds.js';

export interface BenchOptions {
  /** Cases whose name it matches; all without it. */
  readonly only: RegExp;
  readonly quick: boolean;
  readonly effort: Effort;
  /** Where to write the results. */
  readonly json: string | undefined;
  /** The Python that has PyTorch. */
  readonly python: string;
  readonly threads: readonly number[];
  /** Contenders whose name it matches. */
  readonly peers: RegExp;
}

const USAGE = `options:
  --only PATTERN     cases whose name matches (a regular expression)
  --peers PATTERN    contenders whose name matches
  --threads 1,2      counts of threads
  --quick            fewer and shorter rounds
  --rounds N         as many rounds
  --python PATH      a Python that has PyTorch (or NABLA_BENCH_PYTHON; python3)
  --json FILE        write the results`;

/** Ends the process after a wrong option, saying which there are. */
export function readOptions(command: string): BenchOptions {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: '' },
        peers: { type: 'string', default: '' },
        threads: { type: 'string', default: '1,2' },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        python: { type: 'string', default: process.env.NABLA_BENCH_PYTHON ?? 'python3' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(`npm run ${command} -- [options]\n${USAGE}`);
      process.exit(0);
    }
    const effort = values.quick ? QUICK : FULL;
    const rounds = values.rounds === undefined ? effort.rounds : whole('--rounds', values.rounds);
    return {
      only: new RegExp(values.only),
      peers: new RegExp(values.peers),
      threads: values.threads.split(',').map((count) => whole('--threads', count)),
      quick: values.quick,
      effort: { ...effort, rounds },
      json: values.json,
      python: values.python,
    };
  } catch (error) {
    console.error(`${command}: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

function whole(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} ${text} is no whole number of at least 1`);
  return value;
}
