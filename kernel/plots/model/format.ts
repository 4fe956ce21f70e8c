/** How numbers are written in charts and in their text. */

/** About `digits` significant digits, no trailing zeros, an exponent only where it is shorter: 0.0312, 1230, 4.1e-7. */
export function formatNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return shortExponent(value.toExponential(digits - 1));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = value.toFixed(Math.min(decimals, 12));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Keeps the final zeros, so that labels below each other compare: 0.250, 0.031. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatNumber(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return shortExponent(value.toExponential(2));
  return value.toFixed(Math.max(0, Math.min(5, 2 - Math.floor(Math.log10(size)))));
}

/** A step or a count: whole numbers in full with thin groups, large ones short. */
export function formatCount(value: number): string {
  if (!Number.isInteger(value)) return formatNumber(value, 4);
  // Not by toLocaleString: its first call takes 15 ms, in the middle of training.
  return Math.abs(value) < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function shortExponent(text: string): string {
  return text.replace(/\.?0+e/, 'e').replace('e+', 'e');
}
