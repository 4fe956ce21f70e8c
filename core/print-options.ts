/** How tensors are printed: `torch.set_printoptions`. */
import { checkOptions } from './options.js';

interface Printing {
  precision: number;
  threshold: number;
  edgeitems: number;
  linewidth: number;
  sciMode: boolean | null;
}

const DEFAULTS: Readonly<Printing> = {
  precision: 4,
  threshold: 1000,
  edgeitems: 3,
  linewidth: 80,
  sciMode: null,
};

const PROFILES: Readonly<Record<'default' | 'short' | 'full', Readonly<Printing>>> = {
  default: DEFAULTS,
  short: { ...DEFAULTS, precision: 2, edgeitems: 2 },
  full: { ...DEFAULTS, threshold: Infinity },
};

/** What holds now. */
export const printing: Printing = { ...DEFAULTS };

export interface PrintOptions {
  /** Decimals of floats. Default 4. */
  precision?: number;
  /** Tensors of more elements are summarized. Default 1000. */
  threshold?: number;
  /** How many elements at each end of a dimension a summary shows. Default 3. */
  edgeitems?: number;
  /** Characters in a line. Default 80. */
  linewidth?: number;
  /** Whether floats have an exponent; null (the default) where their sizes ask for one. */
  sciMode?: boolean | null;
  /** Starts from other values: 'short' has 2 decimals and 2 elements at each end, 'full' summarizes nothing. */
  profile?: 'default' | 'short' | 'full';
}

/**
 * Sets how tensors are printed from now on; what is not named stays as it is.
 * @throws RangeError for numbers that do not work
 */
export function setPrintoptions(options: PrintOptions = {}): void {
  checkOptions('setPrintoptions', options, [...Object.keys(DEFAULTS), 'profile']);
  const { profile, ...given } = options;
  if (profile !== undefined && !Object.hasOwn(PROFILES, profile))
    throw new RangeError(`setPrintoptions: profile is default, short or full, got ${profile}`);
  const next: Printing = { ...(profile === undefined ? printing : PROFILES[profile]), ...given };
  const { precision, threshold, edgeitems, linewidth } = next;
  if (!Number.isInteger(precision) || precision < 0 || precision > 20)
    throw new RangeError(`setPrintoptions: precision is a whole number from 0 to 20, got ${precision}`);
  for (const [name, value] of Object.entries({ threshold, edgeitems, linewidth })) {
    if (typeof value === 'number' && value >= 0) continue;
    throw new RangeError(`setPrintoptions: ${name} is a number from 0 up, got ${String(value)}`);
  }
  Object.assign(printing, next);
}
