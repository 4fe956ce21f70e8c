/** How a run can end, as the exit codes of `nabla run`. */
export const ExitCode = {
  ok: 0,
  cellError: 1,
  usage: 2,
  unreadable: 3,
  notStarted: 4,
  assertion: 5,
  timeout: 124,
  interrupted: 130,
  died: 138,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A reason why a notebook was not run, or not to its end; the message is one line for a person. */
export class RunError extends Error {
  override readonly name = 'RunError';
  constructor(
    message: string,
    readonly exitCode: ExitCode,
  ) {
    super(message);
  }
}
