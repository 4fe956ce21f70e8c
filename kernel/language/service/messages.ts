/** What the kernel process and the thread of the language service say to each other. */
import type { CompletionEntry, Completions, Inspection } from './contract.js';

/** A cell that has run; its type errors are told under `tell`, if anybody wants to hear of them. */
export interface RanCell {
  readonly code: string;
  readonly tell: { readonly id: number; readonly title: string } | null;
}

/** Answered under its `id`. */
export type Question =
  | { readonly type: 'complete'; readonly id: number; readonly code: string; readonly offset: number }
  /** The reply to an earlier `complete`, with entries of someone else. */
  | {
      readonly type: 'replyWith';
      readonly id: number;
      readonly about: number;
      readonly others: readonly CompletionEntry[];
    }
  | { readonly type: 'imports'; readonly id: number; readonly about: number }
  | { readonly type: 'inspect'; readonly id: number; readonly code: string; readonly offset: number }
  | { readonly type: 'warnings'; readonly id: number; readonly code: string; readonly title: string }
  | { readonly type: 'check'; readonly id: number };

export type ToThread =
  | Question
  | { readonly type: 'ran'; readonly cells: readonly RanCell[] }
  | { readonly type: 'reset' }
  | { readonly type: 'prepare' }
  /** Ends a `check` after the cell that it is at. */
  | { readonly type: 'enough'; readonly about: number }
  | { readonly type: 'defined'; readonly id: number; readonly isDefined: boolean }
  | { readonly type: 'stop' };

export interface WrittenAnswer extends Pick<Completions, 'start' | 'place'> {
  readonly count: number;
  readonly reply: Uint8Array | null;
  readonly hasImports: boolean;
}

export type Answer =
  | { readonly type: 'completed'; readonly id: number; readonly found: WrittenAnswer }
  | { readonly type: 'written'; readonly id: number; readonly reply: Uint8Array }
  | { readonly type: 'inspected'; readonly id: number; readonly found: Inspection }
  | { readonly type: 'warned'; readonly id: number; readonly text: string }
  | { readonly type: 'nothing'; readonly id: number };

export type FromThread =
  | Answer
  | { readonly type: 'tell'; readonly id: number; readonly text: string }
  /** Whether cells have a name at run time; answered by `defined`. */
  | { readonly type: 'isDefined'; readonly id: number; readonly name: string };
