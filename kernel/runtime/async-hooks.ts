/**
 * Node checks that asynchronous contexts are left in the order in which they were entered, and aborts the process
 * when not. A termination outside of a slice leaves some without their exit. The checks (one by a flag, one made while any
 * hook is active) can be switched off, and the stack of contexts emptied, only through an internal binding.
 */

interface AsyncWrapBinding {
  async_hook_fields: Uint32Array;
  constants: { kCheck: number; kTotals: number };
  clearAsyncIdStack(): void;
}

let binding: AsyncWrapBinding | null | undefined;
let activeHooks = 0;

/** Call before a termination outside of a slice. */
export function suspendAsyncChecks(): void {
  binding ??= load();
  if (binding === null) return;
  const { async_hook_fields: fields, constants } = binding;
  activeHooks ||= fields[constants.kTotals];
  fields[constants.kTotals] = 0;
  fields[constants.kCheck] = 0;
}

/** Call from a fresh macrotask, when the termination has come. */
export function resumeAsyncChecks(): void {
  if (!binding || activeHooks === 0) return;
  binding.clearAsyncIdStack();
  binding.async_hook_fields[binding.constants.kTotals] = activeHooks;
  activeHooks = 0;
}

function load(): AsyncWrapBinding | null {
  const quiet = process.noDeprecation;
  process.noDeprecation = true;
  try {
    const get: unknown = Reflect.get(process, 'binding');
    const loaded: unknown = typeof get === 'function' ? Reflect.apply(get, process, ['async_wrap']) : null;
    return isBinding(loaded) ? loaded : null;
  } catch {
    return null;
  } finally {
    process.noDeprecation = quiet;
  }
}

function isBinding(value: unknown): value is AsyncWrapBinding {
  return (
    typeof value === 'object' &&
    value !== null &&
    'async_hook_fields' in value &&
    value.async_hook_fields instanceof Uint32Array &&
    'constants' in value &&
    'clearAsyncIdStack' in value
  );
}
