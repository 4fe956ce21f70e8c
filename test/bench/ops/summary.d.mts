import type { Time } from './turns.mjs';

export interface OpResult {
  readonly name: string;
  readonly size: string;
  readonly times: Readonly<Record<string, Time>>;
  readonly slowerThan?: Readonly<Record<string, number>>;
  readonly givenBack?: Readonly<Record<string, number>>;
}

export function summaryOf(present: readonly string[], results: readonly OpResult[]): string;
