/** The error for a tensor that does not fit. */

/** A tensor did not fit into the memory budget, although everything dead had been given back. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

/** What the results of one op take. */
export interface Held {
  readonly name: string;
  readonly bytes: number;
  readonly count: number;
}

interface Usage {
  readonly allocated: number;
  readonly limit: number;
  readonly reserved: number;
  readonly storages: number;
  readonly held: readonly Held[];
}

/** The error that names the op, the size asked, and which ops hold most. */
export function outOfMemory(bytes: number, operation: string, usage: Usage): OutOfMemoryError {
  const { allocated, limit, reserved, storages } = usage;
  const largest = usage.held
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ name, bytes: held, count }) => `${formatBytes(held)} in ${count} made by ${name}`);
  return new OutOfMemoryError(
    `${operation}: cannot allocate ${formatBytes(bytes)}: ${formatBytes(allocated)} of the limit of ${formatBytes(limit)} ` +
      `are held by ${storages} tensors${largest.length > 0 ? ` (${largest.join('; ')})` : ''}. ` +
      (allocated + bytes <= limit
        ? 'The free memory is in pieces that are too small. '
        : 'Drop references to tensors that are no longer needed, use smaller batches') +
      (limit < reserved && allocated + bytes > limit ? ', or raise the limit with setMemoryLimit.' : '.'),
  );
}

function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  const [unit, scale] =
    bytes < 1e6 ? (['kB', 1e3] as const) : bytes < 1e9 ? (['MB', 1e6] as const) : (['GB', 1e9] as const);
  return `${Number((bytes / scale).toPrecision(3))} ${unit}`;
}
