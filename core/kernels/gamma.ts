/**
 * The logarithm of the gamma function and its first derivative, in float64.
 *
 * `lgamma` follows the method and the coefficients of FreeBSD's msun `e_lgamma_r.c` (Copyright 1993 Sun Microsystems,
 * freely usable with this notice): polynomials and rational approximations about its zeros 1 and 2 and its least value
 * between them, products up to 8, and Stirling's series from there on.
 */

/** Where lnΓ is least, and its value there, in two parts. */
const BOTTOM = 1.4616321449683622;
const LEAST = -0.12148629053584961;
const LEAST_REST = -3.638676997039505e-18;

/** lnΓ(2 − y) for 0 ≤ y ≤ 0.27. */
function belowTwo(y: number): number {
  const z = y * y;
  const even =
    0.07721566490153287 +
    z *
      (0.06735230105312927 +
        z *
          (0.007385550860814029 +
            z * (0.0011927076318336207 + z * (0.00022086279071390839 + z * 2.5214456545125733e-5))));
  const odd =
    0.3224670334241136 +
    z *
      (0.020580808432516733 +
        z *
          (0.0028905138367341563 +
            z * (0.0005100697921535113 + z * (0.00010801156724758394 + z * 4.4864094961891516e-5))));
  return y * even + z * odd - 0.5 * y;
}

/** lnΓ(BOTTOM + y) for −0.23 ≤ y ≤ 0.27. */
function atBottom(y: number): number {
  const z = y * y;
  const w = z * y;
  const p1 =
    0.48383612272381005 +
    w *
      (-0.032788541075985965 +
        w * (0.006100538702462913 + w * (-0.0014034646998923284 + w * 0.00031563207090362595)));
  const p2 =
    -0.1475877229945939 +
    w *
      (0.01797067508118204 +
        w * (-0.0036845201678113826 + w * (0.000881081882437654 + w * -0.00031275416837512086)));
  const p3 =
    0.06462494023913339 +
    w *
      (-0.010314224129834144 +
        w * (0.0022596478090061247 + w * (-0.0005385953053567405 + w * 0.0003355291926355191)));
  return LEAST + (z * p1 - (LEAST_REST - w * (p2 + y * p3)));
}

/** lnΓ(1 + y) for 0 ≤ y ≤ 0.23. */
function aboveOne(y: number): number {
  const p =
    y *
    (-0.07721566490153287 +
      y *
        (0.6328270640250934 +
          y *
            (1.4549225013723477 +
              y * (0.9777175279633727 + y * (0.22896372806469245 + y * 0.013381091853678766)))));
  const q =
    1 +
    y *
      (2.4559779371304113 +
        y *
          (2.128489763798934 +
            y * (0.7692851504566728 + y * (0.10422264559336913 + y * 0.003217092422824239))));
  return p / q - 0.5 * y;
}

/** lnΓ(2 + y) for 0 ≤ y < 1. */
function aboveTwo(y: number): number {
  const p =
    y *
    (-0.07721566490153287 +
      y *
        (0.21498241596060885 +
          y *
            (0.325778796408931 +
              y *
                (0.14635047265246445 +
                  y * (0.02664227030336386 + y * (0.0018402845140733772 + y * 3.194753265841009e-5))))));
  const q =
    1 +
    y *
      (1.3920053346762105 +
        y *
          (0.7219355475671381 +
            y *
              (0.17193386563280308 +
                y * (0.01864591917156529 + y * (0.0007779424963818936 + y * 7.326684307446256e-6)))));
  return 0.5 * y + p / q;
}

/** lnΓ(x) for 8 ≤ x, without x / 2⁵⁸. */
function stirling(x: number): number {
  const z = 1 / x;
  const y = z * z;
  const series =
    0.4189385332046727 +
    z *
      (0.08333333333333297 +
        y *
          (-0.0027777777777287754 +
            y *
              (0.0007936505586430196 +
                y * (-0.00059518755745034 + y * (0.0008363399189962821 + y * -0.0016309293409657527)))));
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
    if (!Number.isFinite(x) || Number.isInteger(x)) return Number.NaN;
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
