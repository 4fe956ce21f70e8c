export interface Work {
  readonly run: () => unknown;
  readonly asynchronous?: boolean;
}

export interface Turns {
  readonly name: string;
  readonly warm: (milliseconds: readonly [least: number, most: number]) => Promise<number>;
  readonly turn: (calls: number) => Promise<number>;
}

export interface Time {
  readonly time: number;
  readonly best: number;
}

export function takeTurns(
  contenders: readonly Turns[],
  effort: number,
  fail: (contender: Turns, error: Error) => void,
): Promise<Record<string, Time>>;
export function timeCalls(work: Work, calls: number): Promise<number>;
export function warmUp(work: Work, milliseconds: readonly [least: number, most: number]): Promise<number>;
export function slower(a: Time | undefined, b: Time | undefined): boolean;
