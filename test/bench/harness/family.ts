/** What a family of benchmarks gives: printed as tables, written as JSON. */
import { writeFileSync } from 'node:fs';
import { formatTable, formatTime } from '../core/measure.mjs';
import { describeMachine, type Machine } from './machine.js';
import type { BenchOptions } from './options.js';
import type { Measured } from './rounds.js';
import { spread } from './statistics.js';

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly contenders: readonly Measured[];
  /** What else is known of the case, as operations a step. */
  readonly facts?: Readonly<Record<string, number>>;
}

export interface FamilyResult {
  readonly family: string;
  readonly command: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly warmUpMilliseconds: number;
  readonly turnMilliseconds: number;
  readonly seconds: number;
  readonly unit: 'milliseconds';
  readonly cases: readonly CaseResult[];
}

export class Family {
  readonly #began = performance.now();
  readonly #cases: CaseResult[] = [];
  readonly #machine = describeMachine();

  constructor(
    private readonly name: string,
    private readonly options: BenchOptions,
  ) {
    const { processor, cores, node } = this.#machine;
    const { rounds, turn, warmUp } = options.effort;
    console.log(`${processor}, ${cores} cores, Node ${node}`);
    console.log(
      `medians of ${rounds} rounds, in which all contenders take turns of ${turn} ms, after ${warmUp} ms of warming up; ` +
        `± is half the distance of the quartiles; a ratio says how many times as long as the first a contender takes\n`,
    );
  }

  add(result: CaseResult): void {
    this.#cases.push(result);
    console.log(`${caseTable(result)}\n`);
    // Whatever happens to the rest.
    this.write();
  }

  finish(): void {
    console.log(`${this.write().seconds} s`);
  }

  private write(): FamilyResult {
    const { effort, json } = this.options;
    const result: FamilyResult = {
      family: this.name,
      command: `npm run bench:${this.name}${process.argv.length > 2 ? ` -- ${shownArguments()}` : ''}`,
      machine: this.#machine,
      rounds: effort.rounds,
      warmUpMilliseconds: effort.warmUp,
      turnMilliseconds: effort.turn,
      seconds: Math.round((performance.now() - this.#began) / 1000),
      unit: 'milliseconds',
      cases: this.#cases,
    };
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 1)}\n`);
    return result;
  }
}

/** Without places on this machine. */
function shownArguments(): string {
  return process.argv
    .slice(2)
    .filter(
      (argument, i, all) => !/^--(json|python)/.test(argument) && !/^--(json|python)$/.test(all[i - 1] ?? ''),
    )
    .join(' ');
}

/** The case's contenders with medians and how many times as long as the first they take; who failed, with the reason. */
export function caseTable({ title, contenders }: CaseResult): string {
  const first = contenders.find(({ time }) => time !== undefined)?.time?.median ?? NaN;
  const rows = contenders.map(({ name, time, failed }) =>
    time === undefined
      ? [name, '-', '', '', failed ?? '']
      : [
          name,
          formatTime(time.median),
          `±${(100 * spread(time)).toFixed(0)} %`,
          `${(time.median / first).toFixed(2)} x`,
          '',
        ],
  );
  const hasReasons = rows.some((row) => row[4] !== '');
  const header = [title, 'time', '', 'ratio', ...(hasReasons ? ['not measured because'] : [])];
  return formatTable(
    header,
    rows.map((row) => row.slice(0, header.length)),
  );
}
