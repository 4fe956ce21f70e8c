/** A notebook in memory, nbformat 4: texts are joined here and split into lines in the file. */

/** One value in several representations. Text is one string; JSON types hold their value. */
export type MimeBundle = Record<string, unknown>;
export type Metadata = Record<string, unknown>;

export interface StreamOutput {
  output_type: 'stream';
  name: string;
  text: string;
}

export interface DisplayOutput {
  output_type: 'display_data';
  data: MimeBundle;
  metadata: Metadata;
}

export interface ResultOutput {
  output_type: 'execute_result';
  execution_count: number | null;
  data: MimeBundle;
  metadata: Metadata;
}

export interface ErrorOutput {
  output_type: 'error';
  ename: string;
  evalue: string;
  traceback: string[];
}

export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

export interface CellMetadata extends Metadata {
  tags?: string[];
}

interface CellBase {
  /** From nbformat 4.5 on. */
  id?: string;
  metadata: CellMetadata;
  source: string;
}

export interface CodeCell extends CellBase {
  cell_type: 'code';
  outputs: Output[];
  execution_count: number | null;
}

export interface TextCell extends CellBase {
  cell_type: 'markdown' | 'raw';
  attachments?: Record<string, MimeBundle>;
}

export type Cell = CodeCell | TextCell;

export interface NotebookMetadata extends Metadata {
  kernelspec?: { name?: string; display_name?: string; language?: string };
  language_info?: { name?: string };
}

export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: NotebookMetadata;
  cells: Cell[];
}
