/** Output collection, compared with what nbclient made of the same messages. */
import { describe, expect, it } from 'vitest';
import type { Output } from '../../../kernel/run/notebook/index.js';
import { CellOutputs, overwrite, type OutputEvent } from '../../../kernel/run/outputs.js';
import vectors from './vectors/nbclient-outputs.json' with { type: 'json' };

interface Message {
  type: string;
  content: {
    name?: string;
    text?: string;
    data?: Record<string, string | undefined>;
    metadata?: Record<string, unknown>;
    transient?: { display_id?: string };
    execution_count?: number;
    ename?: string;
    evalue?: string;
    traceback?: string[];
    wait?: boolean;
  };
}

/** The event of a message, and which cells `@jupyterlab/services` hands it to. */
function event({ type, content }: Message): OutputEvent {
  const { data = {}, metadata = {}, transient } = content;
  const displayId = transient?.display_id;
  switch (type) {
    case 'stream':
      return { type: 'stream', name: content.name ?? '', text: content.text ?? '' };
    case 'display_data':
      return { type: 'display', data, metadata, displayId };
    case 'update_display_data':
      return { type: 'update', data, metadata, displayId: displayId ?? '' };
    case 'execute_result':
      return { type: 'result', data, metadata, displayId, count: content.execution_count ?? null };
    case 'clear_output':
      return { type: 'clear', wait: content.wait ?? false };
    default: {
      const { ename = '', evalue = '', traceback = [] } = content;
      return { type: 'error', ename, evalue, traceback };
    }
  }
}

describe('outputs are collected as nbclient collects them', () => {
  it.each(vectors.cases)('$name', ({ cells, outputs }) => {
    const collected = cells.map(() => new CellOutputs([]));
    cells.forEach((messages: Message[], index) => {
      for (const message of messages) {
        const next = event(message);
        // The client passes what has a known display id to every cell that shows it.
        if (next.type === 'update') for (const cell of collected) cell.apply(next);
        else {
          if ((next.type === 'display' || next.type === 'result') && next.displayId !== undefined) {
            const { data, metadata, displayId } = next;
            for (const cell of collected) cell.apply({ type: 'update', data, metadata, displayId });
          }
          collected[index].apply(next);
        }
      }
    });
    expect(collected.map((cell) => cell.outputs)).toEqual(outputs);
  });
});

describe('changes that are reported', () => {
  it('tells growth of a stream, updates in place and clearing apart', () => {
    const outputs: Output[] = [];
    const cell = new CellOutputs(outputs);
    const kinds = (next: OutputEvent) => cell.apply(next).map(({ kind }) => kind);
    expect(kinds({ type: 'stream', name: 'stdout', text: 'a' })).toEqual(['added']);
    expect(kinds({ type: 'stream', name: 'stdout', text: 'b' })).toEqual(['extended']);
    expect(kinds({ type: 'display', data: {}, metadata: {}, displayId: 'd' })).toEqual(['added']);
    expect(kinds({ type: 'update', data: {}, metadata: {}, displayId: 'd' })).toEqual(['updated']);
    expect(kinds({ type: 'clear', wait: true })).toEqual([]);
    expect(kinds({ type: 'stream', name: 'stdout', text: 'c' })).toEqual(['cleared', 'added']);
    expect(outputs).toEqual([{ output_type: 'stream', name: 'stdout', text: 'c' }]);
  });
});

describe('lines that write over themselves', () => {
  // What a VT100 shows after the same bytes.
  it.each([
    ['10%\r20%\r30%\n', '30%\n'],
    ['abcdef\rXY', 'XYcdef'],
    ['abc\b\bX', 'aXc'],
    ['windows\r\nlines\r\n', 'windows\r\nlines\r\n'],
    ['still going\r', 'still going\r'],
    ['\x1b[31mred\x1b[0m\rblu', '\x1b[0mblu'],
    ['no return', 'no return'],
  ])('%j shows %j', (text, shown) => {
    expect(overwrite(text)).toBe(shown);
  });

  it('are settled when the cell has ended, not before', () => {
    const cell = new CellOutputs([]);
    for (const text of ['1%', '\r2%', '\r3%']) cell.apply({ type: 'stream', name: 'stdout', text });
    expect(cell.outputs).toMatchObject([{ text: '1%\r2%\r3%' }]);
    cell.settle();
    expect(cell.outputs).toMatchObject([{ text: '3%' }]);
  });
});
