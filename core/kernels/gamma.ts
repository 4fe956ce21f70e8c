/**
 * The logarithm of the gamma function and its first derivative, in float64.
 *
 * `lgamma` follows the method and the coefficients of FreeBSD's msun `e_lgamma_r.c` (Copyright 1993 Sun Microsystems,
 * freely usable with this notice): polynomials and rational approximations about its zeros 1 and 2 and its least value
 * between them, products up to 8, and Stirling's series from there on.
 */

/** Where lnΓ is least, and its value there, in two parts. */
const BOTTOM = 1.46163214496836224576;
const LEAST = -1.21486290535849611461e-1;
const LEAST_REST = -3.63867699703950536541e-18;

/** lnΓ(2 − y) for 0 ≤ y ≤ 0.27. */
function belowTwo(y: number): number {
  const z = y * y;
  const even =
    7.72156649015328655494e-2 +
    z *
      (6.73523010531292681824e-2 +
        z *
          (7.38555086081402883957e-3 +
            z *
              (1.19270763183362067845e-3 + z * (2.20862790713908385557e-4 + z * 2.52144565451257326939e-5))));
  const odd =
    3.22467033424113591611e-1 +
    z *
      (2.05808084325167332806e-2 +
        z *
          (2.89051383673415629091e-3 +
            z *
              (5.10069792153511336608e-4 + z * (1.08011567247583939954e-4 + z * 4.4864094961891516015e-5))));
  return y * even + z * odd - 0.5 * y;
}

/** lnΓ(BOTTOM + y) for −0.23 ≤ y ≤ 0.27. */
function atBottom(y: number): number {
  const z = y * y;
  const w = z * y;
  const p1 =
    4.83836122723810047042e-1 +
    w *
      (-3.27885410759859649565e-2 +
        w * (6.10053870246291332635e-3 + w * (-1.40346469989232843813e-3 + w * 3.15632070903625950361e-4)));
  const p2 =
    -1.47587722994593911752e-1 +
    w *
      (1.79706750811820387126e-2 +
        w * (-3.6845201678113825676e-3 + w * (8.81081882437654011382e-4 + w * -3.12754168375120860518e-4)));
  const p3 =
    6.46249402391333854778e-2 +
    w *
      (-1.0314224129834143745e-2 +
        w * (2.2596478090061247225e-3 + w * (-5.38595305356740546715e-4 + w * 3.35529192635519073543e-4)));
  return LEAST + (z * p1 - (LEAST_REST - w * (p2 + y * p3)));
}

/** lnΓ(1 + y) for 0 ≤ y ≤ 0.23. */
function aboveOne(y: number): number {
  const p =
    y *
    (-7.72156649015328655494e-2 +
      y *
        (6.32827064025093366517e-1 +
          y *
            (1.45492250137234768737 +
              y *
                (9.77717527963372745603e-1 +
                  y * (2.28963728064692451092e-1 + y * 1.33810918536787660377e-2)))));
  const q =
    1 +
    y *
      (2.45597793713041134822 +
        y *
          (2.12848976379893395361 +
            y *
              (7.69285150456672783825e-1 + y * (1.04222645593369134254e-1 + y * 3.2170924228242391181e-3))));
  return p / q - 0.5 * y;
}

/** lnΓ(2 + y) for 0 ≤ y < 1. */
function aboveTwo(y: number): number {
  const p =
    y *
    (-7.72156649015328655494e-2 +
      y *
        (2.14982415960608852501e-1 +
          y *
            (3.25778796408930981787e-1 +
              y *
                (1.46350472652464452805e-1 +
                  y *
                    (2.6642270303363860956e-2 +
                      y * (1.84028451407337715652e-3 + y * 3.19475326584100867617e-5))))));
  const q =
    1 +
    y *
      (1.39200533467621045958 +
        y *
          (7.21935547567138069525e-1 +
            y *
              (1.71933865632803078993e-1 +
                y *
                  (1.86459191715652901344e-2 +
                    y * (7.77942496381893596434e-4 + y * 7.32668430744625636189e-6)))));
  return 0.5 * y + p / q;
}

/** lnΓ(x) for 8 ≤ x, without x / 2⁵⁸. */
function stirling(x: number): number {
  const z = 1 / x;
  const y = z * z;
  const series =
    4.18938533204672725052e-1 +
    z *
      (8.33333333333329678849e-2 +
        y *
          (-2.7777777777287755365e-3 +
            y *
              (7.936505586430195585e-4 +
                y *
                  (-5.95187557450339963135e-4 +
                    y * (8.36339918996282139126e-4 + y * -1.63092934096575273989e-3)))));
  return (x - 0.5) * (Math.log(x) - 1) + series;
}

/** ln |Γ(x)|; infinite at whole numbers up to 0. */
export function lgamma(x: number): number {
  if (x >= 3) {
    if (x >= 8) return x < 2 ** 58 ? stirling(x) : x * (Math.log(x) - 1);
    const whole = Math.floor(x);
    const y = x - whole;
    let product = 1;
    for (let i = whole - 1; i > 1; i--) product *= y + i;
    return aboveTwo(y) + Math.log(product);
  }
  if (x >= 2) return aboveTwo(x - 2);
  if (x > 0.9) {
    if (x >= 1.7316) return belowTwo(2 - x);
    return x >= 1.23164 ? atBottom(x - BOTTOM) : x >= 1 ? aboveOne(x - 1) : belowTwo(1 - x) - Math.log(x);
  }
  if (x > 0) {
    // lnΓ(x) = lnΓ(1 + x) − ln x
    const rest = x >= 0.7316 ? belowTwo(1 - x) : x >= 0.23164 ? atBottom(x - (BOTTOM - 1)) : aboveOne(x);
    return rest - Math.log(x);
  }
  if (x !== x) return x;
  if (x === 0 || !Number.isFinite(x) || Number.isInteger(x)) return Infinity;
  // By reflection; the sine of what is over the next whole number, which is exact.
  const sine = Math.sin(Math.PI * (x - Math.round(x)));
  return Math.log(Math.PI / Math.abs(sine * x)) - lgamma(-x);
}

/** Γ′(x) / Γ(x): shifted by 10, and the asymptotic series from there on. */
export function digamma(x: number): number {
  if (!(x > 0)) {
    if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
    if (x !== x || Number.isInteger(x) || x === -Infinity) return x === -Infinity ? x : Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  if (x === Infinity) return x;
  let z = x;
  let shift = 0;
  if (x < 10) {
    // 1/x + 1/(x + 1) + … + 1/(x + 9), where pairs from both ends, x (x + 9), (x + 1)(x + 8) …, differ by constants.
    const u = x * (x + 9);
    const top = (((5 * u + 240) * u + 3924) * u + 24352) * u + 40320;
    const bottom = ((((u + 60) * u + 1308) * u + 12176) * u + 40320) * u;
    shift = ((2 * x + 9) * top) / bottom;
    z = x + 10;
  }
  const w = 1 / (z * z);
  const series =
    w *
    (1 / 12 -
      w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760 - w * (1 / 12)))))));
  return Math.log(z) - 0.5 / z - series - shift;
}
