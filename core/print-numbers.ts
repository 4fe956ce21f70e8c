/** Numbers as PyTorch prints them: whole, with some decimals, or with an exponent. */
import { type DType, isFloat } from './dtype.js';
import { printing } from './print-options.js';

type Format = (value: number) => string;

function special(value: number): string | null {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  return null;
}

/** With the minus sign of −0, which JavaScript leaves out. */
function signed(value: number, text: string): string {
  return Object.is(value, -0) ? `-${text}` : text;
}

/**
 * Some decimals (four), where what lies exactly between two is rounded to the even one, as Python does; JavaScript's own
 * `toFixed` rounds it away from 0.
 */
function fixed(value: number): string {
  const text = value.toFixed(printing.precision);
  // Only what ends in a 5 behind the last decimal can be a tie, and only if no digit follows.
  const longer = value.toFixed(printing.precision + 30);
  const rest = longer.slice(longer.indexOf('.') + 1 + printing.precision);
  if (!/^50*$/.test(rest)) return signed(value, text);
  const lower = longer.slice(0, longer.indexOf('.') + 1 + printing.precision);
  return /[02468]$/.test(lower) ? lower : text;
}

/** `1.2346e-05`, with at least two digits of exponent; ties as in `fixed`. */
function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(printing.precision).split('e') as [string, string];
  const [longer, power] = value.toExponential(printing.precision + 30).split('e') as [string, string];
  const cut = longer.indexOf('.') + 1 + printing.precision;
  const lower = longer.slice(0, cut);
  const even = power === exponent && /^50*$/.test(longer.slice(cut)) && /[02468]$/.test(lower);
  const digits = exponent.slice(1);
  return signed(value, `${even ? lower : mantissa}e${exponent.charAt(0)}${digits.padStart(2, '0')}`);
}

/** How elements are written, and how wide they are made. */
interface Written {
  readonly format: Format;
  readonly width: number;
}

/** PyTorch's choice between whole numbers, fixed point and scientific notation, for all elements together. */
export function chooseFormat(dtype: DType, values: readonly number[]): Written {
  if (isFloat(dtype) && values.every((v) => v === 0 || !Number.isFinite(v))) {
    // Without a number to measure, PyTorch aligns nothing.
    return { format: (value) => special(value) ?? signed(value, `${value}.`), width: 1 };
  }
  const format = formatOf(dtype, values);
  // Of floats, zeros and what is not finite are not measured.
  const measured = isFloat(dtype) ? values.filter((v) => v !== 0 && Number.isFinite(v)) : values;
  return { format, width: measured.reduce((w, v) => Math.max(w, format(v).length), 0) };
}

function formatOf(dtype: DType, values: readonly number[]): Format {
  if (dtype === 'bool') return (value) => (value !== 0 ? 'true' : 'false');
  if (!isFloat(dtype)) return (value) => String(value);
  const sizes = values.filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
  const largest = sizes.reduce((a, b) => Math.max(a, b));
  const smallest = sizes.reduce((a, b) => Math.min(a, b));
  const whole = values.every((v) => !Number.isFinite(v) || Number.isInteger(v));
  if (whole) {
    if (printing.sciMode ?? (largest / smallest > 1000 || largest > 1e8))
      return (value) => special(value) ?? scientific(value);
    return (value) => special(value) ?? signed(value, `${value}.`);
  }
  if (printing.sciMode ?? (largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4)) {
    return (value) => special(value) ?? scientific(value);
  }
  return (value) => special(value) ?? fixed(value);
}
