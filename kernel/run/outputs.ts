/** What a cell shows, collected into the outputs of its notebook cell as nbclient and JupyterLab do. */
import { shelveOutputs, type Shelf } from './notebook/index.js';
import type {
  DisplayOutput,
  Metadata,
  MimeBundle,
  Output,
  ResultOutput,
  StreamOutput,
} from './notebook/types.js';

/** Something a kernel published for a cell. */
export type OutputEvent =
  | { type: 'stream'; name: string; text: string }
  | { type: 'display'; data: MimeBundle; metadata: Metadata; displayId?: string | undefined }
  | { type: 'update'; data: MimeBundle; metadata: Metadata; displayId: string }
  | {
      type: 'result';
      data: MimeBundle;
      metadata: Metadata;
      count: number | null;
      displayId?: string | undefined;
    }
  | { type: 'error'; ename: string; evalue: string; traceback: string[] }
  | { type: 'clear'; wait: boolean };

/** What an event did to a cell's outputs, for those who show them while they grow. */
export type OutputChange =
  | { kind: 'added'; output: Output; displayId?: string | undefined }
  /** `text` came to the end of a stream output that is already there. */
  | { kind: 'extended'; output: StreamOutput; text: string }
  /** A display got new content in place. */
  | { kind: 'updated'; output: Output; displayId: string }
  | { kind: 'cleared' };

/** So many characters of the outputs of a cell that runs are in memory. */
const MOST_LENGTH = 4_000_000;

export class CellOutputs {
  /** Every output that was shown under a display id; `clear_output` forgets them. */
  readonly #displays = new Map<string, (DisplayOutput | ResultOutput)[]>();
  #clearBeforeNext = false;
  /** About how much came since the latest was put away. */
  #length = 0;

  /** Collects into `outputs`, which it changes in place; what is large is put away on `shelf`. */
  constructor(
    readonly outputs: Output[],
    readonly shelf?: Shelf,
  ) {}

  /** Applies one event; returns what changed, in order. */
  apply(event: OutputEvent): OutputChange[] {
    switch (event.type) {
      case 'clear':
        if (!event.wait) return [this.#clear()];
        this.#clearBeforeNext = true;
        return [];
      case 'update':
        return this.#update(event);
      case 'stream': {
        const changes = this.#beforeOutput();
        const last = this.outputs.at(-1);
        if (last?.output_type === 'stream' && last.name === event.name) {
          last.text += event.text;
          return [...changes, { kind: 'extended', output: last, text: event.text }];
        }
        return [...changes, this.#add({ output_type: 'stream', name: event.name, text: event.text })];
      }
      case 'display': {
        const { data, metadata, displayId } = event;
        return this.#display({ output_type: 'display_data', data, metadata }, displayId);
      }
      case 'result': {
        const { data, metadata, count, displayId } = event;
        return this.#display(
          { output_type: 'execute_result', execution_count: count, data, metadata },
          displayId,
        );
      }
      case 'error': {
        const { ename, evalue, traceback } = event;
        return [...this.#beforeOutput(), this.#add({ output_type: 'error', ename, evalue, traceback })];
      }
    }
  }

  /** Ends every line that a carriage return wrote over, as a terminal would show it: call it when the cell has ended. */
  settle(): void {
    for (const output of this.outputs)
      if (output.output_type === 'stream' && /[\r\b]/.test(output.text)) output.text = overwrite(output.text);
    this.#shelve();
  }

  /** Not each at once: what a moving picture shows is gone soon. */
  #came(data: MimeBundle): void {
    for (const value of Object.values(data))
      this.#length += typeof value === 'string' ? value.length : 10_000;
    if (this.#length > MOST_LENGTH) this.#shelve();
  }

  #shelve(): void {
    this.#length = 0;
    if (this.shelf !== undefined) shelveOutputs(this.shelf, this.outputs);
  }

  #display(output: DisplayOutput | ResultOutput, displayId: string | undefined): OutputChange[] {
    const changes = this.#beforeOutput();
    if (displayId !== undefined)
      this.#displays.set(displayId, [...(this.#displays.get(displayId) ?? []), output]);
    const added = this.#add(output, displayId);
    this.#came(output.data);
    return [...changes, added];
  }

  #update({ data, metadata, displayId }: Extract<OutputEvent, { type: 'update' }>): OutputChange[] {
    const changes = (this.#displays.get(displayId) ?? []).map((output): OutputChange => {
      output.data = data;
      output.metadata = metadata;
      return { kind: 'updated', output, displayId };
    });
    if (changes.length > 0) this.#came(data);
    return changes;
  }

  #add(output: Output, displayId?: string): OutputChange {
    this.outputs.push(output);
    return { kind: 'added', output, displayId };
  }

  /** `clear_output(wait=True)` clears when the next output comes, so that nothing flickers. */
  #beforeOutput(): OutputChange[] {
    return this.#clearBeforeNext ? [this.#clear()] : [];
  }

  #clear(): OutputChange {
    this.#clearBeforeNext = false;
    this.outputs.length = 0;
    this.#length = 0;
    this.#displays.clear();
    return { kind: 'cleared' };
  }
}

/** Text after carriage returns and backspaces: both go back, and what follows is written over what was there. */
export function overwrite(text: string): string {
  if (!/[\r\b]/.test(text)) return text;
  return text
    .split('\n')
    .map((line) => overwriteLine(line))
    .join('\n');
}

const COLOUR_OR_CHARACTER = new RegExp(String.raw`\u001b\[[0-9;]*m|[^]`, 'gu');

function overwriteLine(line: string): string {
  if (!/[\r\b]/.test(line.replace(/\r+$/, ''))) return line;
  // Cells of a terminal line: a character with the colour codes before it, which take no room.
  const cells: string[] = [];
  let at = 0;
  let codes = '';
  for (const [part] of line.matchAll(COLOUR_OR_CHARACTER)) {
    if (part === '\r') at = 0;
    else if (part === '\b') at = Math.max(0, at - 1);
    else if (part.length > 1 && part.startsWith('\x1b')) codes += part;
    else {
      cells[at++] = codes + part;
      codes = '';
    }
  }
  return cells.join('') + codes;
}
