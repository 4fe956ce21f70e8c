/**
 * Compiling with other flags of V8 than the process runs with. They are set for the moment of one synchronous
 * compilation and put back, so nothing else that the process compiles is affected; only flags that a known version of V8
 * has are set, because an unknown one prints an error.
 */
import v8 from 'node:v8';

/** A flag as it is set, and as it is put back. */
export interface Flag {
  readonly on: string;
  readonly off: string;
}

/** V8 11.3, of Node 20, has relaxed SIMD behind a flag; later versions have it always. */
export const RELAXED_SIMD: Flag = {
  on: '--experimental-wasm-relaxed-simd',
  off: '--no-experimental-wasm-relaxed-simd',
};
/** Functions that are first called while it is set are compiled by the optimizing compiler at once. */
export const OPTIMIZED: Flag = { on: '--no-liftoff', off: '--liftoff' };
/** Pairs of 128-bit operations become 256-bit ones, on processors with AVX2. */
export const WIDE: Flag = {
  on: '--experimental-wasm-revectorize',
  off: '--no-experimental-wasm-revectorize',
};

/** V8's version, [major, minor]; undefined where flags cannot be set, or somebody else has set those of WebAssembly. */
export function v8Version(): readonly [number, number] | undefined {
  const { versions, release, execArgv, env } = process;
  if (release.name !== 'node' || 'bun' in versions || 'deno' in versions) return undefined;
  const options = [...execArgv, env.NODE_OPTIONS ?? ''].join(' ');
  if (/liftoff|wasm|jitless/.test(options)) return undefined;
  const [major, minor] = versions.v8.split('.').map(Number);
  return [major, minor];
}

/** Whether this version of V8 is known to have a flag. */
export function hasFlag(flag: Flag): boolean {
  const version = v8Version();
  if (version === undefined) return false;
  const [major, minor] = version;
  if (flag === RELAXED_SIMD) return major === 11 && minor === 3;
  if (flag === WIDE) return major >= 13 && major <= 14;
  return major >= 11 && major <= 14;
}

/** Flags that are set at the moment; still here when an interrupt ended the process's JavaScript in between. */
let unsettled: readonly Flag[] = [];

/** Puts back what an interrupted call left set. */
export function settleFlags(): void {
  if (unsettled.length === 0) return;
  for (const { off } of unsettled) v8.setFlagsFromString(off);
  unsettled = [];
}

/** Runs something with those of the flags set that this V8 has; calls are not nested with the same flag. */
export function withFlags<R>(flags: readonly Flag[], run: () => R): R {
  settleFlags();
  const known = flags.filter(hasFlag);
  if (known.length === 0) return run();
  unsettled = known;
  try {
    for (const { on } of known) v8.setFlagsFromString(on);
    return run();
  } finally {
    settleFlags();
  }
}
