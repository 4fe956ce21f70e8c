/** Types of `measure.mjs` for the benchmarks that are written in TypeScript. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string;
export function formatTime(milliseconds: number): string;
