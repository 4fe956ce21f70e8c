/** What the language service answers; it knows types and code that has not run. Offsets are in UTF-16 units. */
export interface LanguageService {
  /** A cell runs: what it declares is there for the cells after it. Its type errors are looked for with `check`. */
  ran(code: string, wanted?: TypeErrorsWanted): void;
  /**
   * Looks for the type errors of cells that have run since the last time, in their order, until another question is asked or
   * `stopped` says so; those that are left wait for the next time. A question lets the program go on without them.
   */
  check(stopped: AbortSignal): Promise<void>;
  /** The user process has started anew. */
  reset(): void;
  /** What could stand at `offset`; null when the service cannot tell. */
  complete(code: string, offset: number): Promise<WrittenCompletions | null>;
  /** What stands at `offset`, or the function among whose arguments it is; null when nothing is known. */
  inspect(code: string, offset: number): Promise<Inspection | null>;
  /** The type errors of a cell that is about to run, as text for a person, who knows the cell as `title`; empty when there are none. */
  warnings(code: string, title: string): Promise<string>;
  /** Nobody asks and no cell runs: what takes long may be done before it is asked for. A question ends it. */
  prepare(): void;
  stop(): void;
}

/** Who wants to hear of a cell's type errors. */
export interface TypeErrorsWanted {
  /** What a person knows the cell as. */
  readonly title: string;
  /** Called with a text when there are any. */
  readonly tell: (text: string) => void;
}

/** `scope`: names stand here. `members`: they follow a dot. `text`: in a string, a path or a comment. */
export type CompletionPlace = 'scope' | 'members' | 'text';

export interface Completions {
  /** Where the text begins that an entry replaces; it ends at the cursor. */
  readonly start: number;
  readonly place: CompletionPlace;
  /** The best first; all of them go on from what is typed. */
  readonly entries: readonly CompletionEntry[];
  /** Where there are none: asks for names that an import would bring. */
  readonly imports?: () => Promise<readonly CompletionEntry[]>;
  /** Where the text begins that those replace. */
  readonly importStart?: number;
}

/** Completions as a reply, the text of which is written where they are: who sends it need not read hundreds of entries. */
export interface WrittenCompletions extends Pick<Completions, 'start' | 'place'> {
  /** How many entries there are. */
  readonly count: number;
  /** The reply, where nothing else could be added to it; otherwise null. */
  readonly reply: Uint8Array | null;
  /** The reply with other entries, too, which replace the same text. Null: it is not known any more. */
  replyWith(others: readonly CompletionEntry[]): Promise<Uint8Array | null>;
  /** Where there are no entries: the reply with names that an import would bring, or null where there is none. */
  readonly imports?: () => Promise<Uint8Array | null>;
}

export interface CompletionEntry {
  readonly text: string;
  /** Text that means the same in one line; left out where the text itself does. Frontends show it, and consoles write it. */
  readonly line?: string;
  /** As frontends name kinds: `function`, `class`, `property`, … */
  readonly kind: string;
  /** What is known of it in a line; often empty. */
  readonly detail: string;
}

export interface Inspection {
  /** The declaration, as TypeScript. */
  readonly signature: string;
  /** Markdown. */
  readonly documentation: string;
  /** The expression it is about, where it has a name: its value may be shown, too. */
  readonly path: readonly string[];
}

export interface Diagnostic {
  /** TypeScript's number of the error. */
  readonly code: number;
  readonly message: string;
  readonly start: number;
  readonly end: number;
}
