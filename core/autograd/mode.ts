/** Whether operations are recorded for differentiation. */

interface Mode {
  enabled: boolean;
}

/** Read on the path of every op, so it is a plain object rather than a function call. */
export const gradMode: Mode = { enabled: true };

function withMode<T>(name: string, enabled: boolean, fn: () => T): T {
  const before = gradMode.enabled;
  gradMode.enabled = enabled;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new TypeError(
        `${name} takes a synchronous function: what runs after an await would be outside of it again. ` +
          `Put the ${name} around the synchronous parts instead.`,
      );
    }
    return result;
  } finally {
    gradMode.enabled = before;
  }
}

/** Runs `fn` without recording: results do not require gradients, and leaves may be changed in place. */
export function noGrad<T>(fn: () => T): T {
  return withMode('noGrad', false, fn);
}

/** Runs `fn` with recording on, inside of a `noGrad`. */
export function enableGrad<T>(fn: () => T): T {
  return withMode('enableGrad', true, fn);
}

/** Switches recording on or off for everything that follows; returns what it was. */
export function setGradEnabled(enabled: boolean): boolean {
  const before = gradMode.enabled;
  gradMode.enabled = enabled;
  return before;
}

export function isGradEnabled(): boolean {
  return gradMode.enabled;
}
