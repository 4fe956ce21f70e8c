/** What every reply has in common. */

/** The members of a reply (or an `error` output) that report an error. */
export interface ErrorContent {
  ename: string;
  evalue: string;
  traceback: string[];
}

export type ErrorReply = { status: 'error' } & ErrorContent;
