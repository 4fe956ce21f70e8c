/**
 * Elements that are not computed yet. The result of an elementwise op on many elements is an expression at first, of
 * other such expressions and of elements that are there; it is computed when somebody asks where its elements lie
 * (`Storage.ptr`), or goes into a reduction, and then in one pass with what it is made of. Its memory is taken when the op is
 * called, so that nothing can fail later.
 */
import type { BinaryOp, FloatElement, UnaryOp } from '../../kernels/api.js';
import { recording, unrecorded } from '../../kernels/recording.js';
import { u8 } from '../../memory.js';
import { allocation, type Deferred, Storage, wroteLater } from '../../storage.js';
import { evaluate } from './evaluate.js';

/** What is done to the operands. */
export interface Step {
  /** A number of its own. */
  readonly id: number;
  /** Whether computing it again costs more than storing it. */
  readonly dear: boolean;
  readonly work:
    { readonly kind: 'unary'; readonly op: UnaryOp } | { readonly kind: 'binary'; readonly op: BinaryOp };
}

/** An operand: elements that the result is computed from, or a number. */
export interface Part {
  /** Null for a number. */
  readonly value: Value | null;
  readonly number: number;
  /** Whether it goes along the columns, or stays at one element of a row. */
  readonly moves: boolean;
  /** Where it begins in its storage, and how far its rows are apart, in elements; WHOLE where all lies in order. */
  readonly offset: number;
  readonly row: number;
}

/** The distance of rows of an operand without gaps, however long they are. */
export const WHOLE = -1;

const NO_PARTS: readonly Part[] = [];

export class Value implements Deferred {
  /** Expressions that read it and are not computed, as far as is known: some may be dead. */
  readers = 0;
  /** Somebody will read it: it is stored when it is computed on the way to something else. */
  kept = false;
  /** Its storage was given back while it was read. */
  private unwanted = false;
  /** For whoever walks through expressions. */
  mark = 0;
  place = 0;

  constructor(
    /** Where the elements are, or will be; null where they need not be anywhere. */
    public storage: Storage | null,
    readonly element: FloatElement,
    readonly size: number,
    /** Null for elements that are there. */
    public step: Step | null,
    public parts: readonly Part[],
    /** Columns in which the operands repeat; 0 where none does. */
    public columns: number,
    /** Steps, and operands that are there, counted as often as they appear. */
    public weight: number,
    public sources: number,
  ) {}

  settle(): void {
    if (this.step === null) return;
    // Whoever notes down what a function computes is not told of what was called before.
    if (recording.current === null) evaluate(this);
    else
      unrecorded(() => {
        evaluate(this);
      });
  }

  keep(): void {
    this.kept = true;
  }

  /** Expressions keep the elements that they were written for. */
  beforeChange(storage: Storage): void {
    this.settle();
    if (this.storage === storage && this.readers > 0) this.storage = copyOf(storage);
    storage.deferred = null;
  }

  beforeRelease(storage: Storage): boolean {
    if (this.storage !== storage) return true;
    if (this.step === null && this.readers > 0) {
      // When the last reader is computed or dead, the storage goes.
      this.unwanted = true;
      return false;
    }
    // What is part of another expression needs no memory, and what is not, no operands.
    this.storage = null;
    storage.deferred = null;
    if (this.readers === 0) this.letGo();
    return true;
  }

  /** Its elements have been stored. */
  computed(): void {
    const { storage } = this;
    if (storage !== null) wroteLater(storage.byteLength);
    this.letGo();
    if (this.readers === 0 && storage !== null) storage.deferred = null;
  }

  /** It does not read its operands any more. */
  private letGo(): void {
    const { parts } = this;
    this.step = null;
    this.parts = NO_PARTS;
    this.columns = 0;
    this.weight = 0;
    this.sources = 1;
    for (const { value } of parts) if (value !== null && --value.readers === 0) value.unread();
  }

  private unread(): void {
    const { storage } = this;
    if (storage === null) this.letGo();
    else if (this.step === null && storage.deferred === this) {
      storage.deferred = null;
      if (this.unwanted) storage.release();
    }
  }
}

/** A number. */
export function numberPart(number: number): Part {
  return { value: null, number, moves: false, offset: 0, row: 0 };
}

/** The same bytes elsewhere, which is nobody's business who traces what is called. */
function copyOf(storage: Storage): Storage {
  const { source } = allocation;
  allocation.source = null;
  try {
    const copy = Storage.allocate(storage.byteLength, 'copy');
    const { address } = storage;
    u8.copyWithin(copy.address, address, address + storage.byteLength);
    return copy;
  } finally {
    allocation.source = source;
  }
}
