/** Tables from CSV files. */
export type { ColumnType, ColumnValues } from './columns.js';
export { type CsvChunkOptions, csvChunks, type CsvOptions, readCsv } from './read.js';
export { type Column, type Encoded, Table, type TableDatasetOptions } from './table.js';
export { type CsvColumn, writeCsv } from './write.js';
