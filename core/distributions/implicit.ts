/**
 * How a sample moves with its parameter while its quantile stays: dx/dα = −(∂P(x; α)/∂α) / p(x; α), of gamma and beta
 * distributions (Figurnov, Mohamed and Mnih 2018, "Implicit reparameterization gradients"). By power series in float64,
 * whose terms are all of one sign up to a factor that changes slowly.
 */
import { digamma } from '../kernels/gamma.js';

/** From here on a sample is a polynomial of a normal number, in falling powers of √α, to 8 digits. */
const LARGE = 1e4;
/** Terms below this part of the sum are left out. */
const LEAST = 1e-17;
/** The mean of a beta distribution may be near 1, where its series converges slowly; that of 1 − x is taken instead. */
const SLOW = 0.95;

/** dx/dα of x of Gamma(α, 1). */
export function gammaGradient(alpha: number, x: number): number {
  if (!(x > 0)) return 0;
  if (alpha > LARGE) return largeGammaGradient(alpha, x);
  // P = xᵅ e⁻ˣ Σ xᵏ / Γ(α + k + 1), so −(∂P/∂α) / p = x Σ xᵏ Γ(α) / Γ(α + k + 1) (ψ(α + k + 1) − ln x).
  const log = Math.log(x);
  let term = 1 / alpha;
  let psi = digamma(alpha + 1);
  let sum = 0;
  let size = 0;
  for (let k = 1; ; k++) {
    const part = term * (psi - log);
    sum += part;
    size += Math.abs(part);
    const ratio = x / (alpha + k);
    if (ratio < 1 && (term / (1 - ratio)) * (1 + Math.abs(psi - log)) <= LEAST * size) break;
    psi += 1 / (alpha + k);
    term *= ratio;
  }
  return x * sum;
}

/** By the expansion of Cornish and Fisher: x = α + z√α + (z² − 1)/3 + (z³ − 7z)/(36√α), solved for z and differentiated. */
function largeGammaGradient(alpha: number, x: number): number {
  const root = Math.sqrt(alpha);
  let z = (x - alpha) / root;
  for (let i = 0; i < 4; i++) {
    const value = alpha + z * root + (z * z - 1) / 3 + (z ** 3 - 7 * z) / (36 * root);
    const slope = root + (2 * z) / 3 + (3 * z * z - 7) / (36 * root);
    z -= (value - x) / slope;
  }
  return 1 + z / (2 * root) - (z ** 3 - 7 * z) / (72 * alpha * root);
}

/** dx/da of x of Beta(a, b), given 1 − x, too. */
export function betaGradient(x: number, rest: number, a: number, b: number): number {
  if (!(x > 0 && rest > 0)) return 0;
  const total = a + b;
  if (x * total <= a && x <= SLOW) {
    // I = xᵃ (1 − x)ᵇ / (a B(a, b)) F with F = Σ (a + b)ₖ / (a + 1)ₖ xᵏ
    const { sum, moved } = series(x, a, total, (k) => 1 / (total + k) - 1 / (a + 1 + k));
    const log = Math.log(x) - 1 / a - digamma(a) + digamma(total);
    return ((-x * rest) / a) * (sum * log + moved);
  }
  // The same for 1 − x, whose second parameter is a.
  const { sum, moved } = series(rest, b, total, (k) => 1 / (total + k));
  const log = Math.log(x) - digamma(a) + digamma(total);
  return ((x * rest) / b) * (sum * log + moved);
}

/** F and its derivative, which each factor of a term adds to. */
function series(
  x: number,
  first: number,
  total: number,
  factor: (k: number) => number,
): { readonly sum: number; readonly moved: number } {
  let term = 1;
  let slope = 0;
  let sum = 1;
  let moved = 0;
  for (let k = 0; ; k++) {
    slope += factor(k);
    const ratio = ((total + k) / (first + 1 + k)) * x;
    term *= ratio;
    sum += term;
    moved += term * slope;
    if (ratio < 1 && (term / (1 - ratio)) * (1 + Math.abs(slope)) <= LEAST * sum) break;
  }
  return { sum, moved };
}
