/**
 * Functions that JavaScript's Math lacks, in float64 to about one unit in the last place.
 *
 * erf and erfc follow the method and the coefficients of FreeBSD's msun `s_erf.c` (Copyright 1993 Sun Microsystems,
 * freely usable with this notice): on each of four intervals a rational approximation of a function that is nearly
 * constant there.
 */

/** c[0] + c[1] x + c[2] x² + … */
function polynomial(x: number, c: readonly number[]): number {
  let value = 0;
  for (let i = c.length - 1; i >= 0; i--) value = value * x + c[i];
  return value;
}

// erf(x) = x + x P(x²) / Q(x²) for |x| < 0.84375
const P = [
  1.28379167095512558561e-1, -3.2504210724700149937e-1, -2.84817495755985104766e-2,
  -5.77027029648944159157e-3, -2.37630166566501626084e-5,
];
const Q = [
  1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3,
  1.32494738004321644526e-4, -3.9602282787753681232e-6,
];
// erf(x) = C + A(|x| - 1) / B(|x| - 1) for 0.84375 <= |x| < 1.25, with C = erf(1) rounded to float32
const C = 8.45062911510467529297e-1;
const A = [
  -2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1,
  3.18346619901161753674e-1, -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.166375594868790843e-3,
];
const B = [
  1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2,
  1.26171219808761642112e-1, 1.36370839120290507362e-2, 1.1984499846799107417e-2,
];
// erfc(x) = exp(-x² - 0.5625 + R(1/x²) / S(1/x²)) / x for 1.25 <= x < 1/0.35, and with R2, S2 for 1/0.35 <= x < 28
const R = [
  -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1,
  -6.23753324503260060396e1, -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1,
  -9.81432934416914548592,
];
const S = [
  1, 1.96512716674392571292e1, 1.376577541435190426e2, 4.34565877475229228821e2, 6.45387271733267880336e2,
  4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2,
];
const R2 = [
  -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1,
  -1.60636384855821916062e2, -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2,
];
const S2 = [
  1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3,
  2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1,
];

/** The coefficients for the SIMD kernels. */
export const ERF = { P, Q, C, A, B, R, S, R2, S2 };

function erfNearZero(x: number): number {
  const z = x * x;
  return x * (polynomial(z, P) / polynomial(z, Q));
}

function erfNearOne(x: number): number {
  return polynomial(x - 1, A) / polynomial(x - 1, B);
}

/** erfc of 1.25 <= x < 28. */
function erfcTail(x: number): number {
  const s = 1 / (x * x);
  const ratio = x < 1 / 0.35 ? polynomial(s, R) / polynomial(s, S) : polynomial(s, R2) / polynomial(s, S2);
  // x² in two parts, the first of which is exact.
  const z = Math.fround(x);
  return (Math.exp(-z * z - 0.5625) * Math.exp((z - x) * (z + x) + ratio)) / x;
}

/** The error function 2/sqrt(pi) times the integral of exp(-t²) from 0 to x. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) return x + erfNearZero(x);
  const value = size < 1.25 ? C + erfNearOne(size) : size < 6 ? 1 - erfcTail(size) : size >= 6 ? 1 : NaN;
  return x < 0 ? -value : value;
}

/** 1 - erf(x), accurate also where it is tiny. */
export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) {
    const tail = erfNearZero(x);
    return x < 0.25 ? 1 - (x + tail) : 0.5 - (x - 0.5 + tail);
  }
  if (size < 1.25) return x >= 0 ? 1 - C - erfNearOne(size) : 1 + (C + erfNearOne(size));
  if (size < 28) return x > 0 ? erfcTail(size) : 2 - erfcTail(size);
  return x > 0 ? 0 : x < 0 ? 2 : NaN;
}

/** To the nearest integer, halves to the even one, with the sign of zero kept. */
export function roundHalfEven(x: number): number {
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const floor = Math.floor(x);
  const over = x - floor;
  const rounded = over < 0.5 || (over === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

/** C's pow: JavaScript's differs where the base is 1 or the exponent infinite. */
export function pow(x: number, y: number): number {
  if (x === 1 || (x === -1 && (y === Infinity || y === -Infinity))) return 1;
  return Math.pow(x, y);
}
