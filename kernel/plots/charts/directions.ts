/** Directions in the space of a model's weights, and ways through it. */
import { linalg, nn, noGrad, tensor, type Tensor } from '../../../core/index.js';

/** Two directions, each as long as the weights. */
export type Directions = [Float64Array, Float64Array];

export interface Descent {
  step(): unknown;
  zeroGrad(): void;
}

/** Makes an optimizer for parameters. */
export type MakeOptimizer = (parameters: Tensor[]) => Descent;

/** Random numbers of its own, so that those of a training stay as they were (mulberry32, Box and Muller). */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/**
 * A random direction with the norm of the weights in every filter: d ← d ‖w‖ / ‖d‖ for each first index of a parameter;
 * 0 for biases and scales (Li et al. 2018, "Visualizing the loss landscape of neural nets").
 */
export function randomDirection(parameters: readonly Tensor[], random: () => number): Float64Array {
  const parts = parameters.flatMap((parameter): Float64Array[] => {
    const weights = Float64Array.from(parameter.detach().toTypedArray(), Number);
    if (parameter.ndim < 2) return [new Float64Array(weights.length)];
    const size = weights.length / parameter.shape[0];
    const direction = weights.map(() => random());
    for (let from = 0; from < weights.length; from += size) {
      const filter = direction.subarray(from, from + size);
      const scale = norm(weights.subarray(from, from + size)) / (norm(filter) || 1);
      for (let i = 0; i < size; i++) filter[i] *= scale;
    }
    return [direction];
  });
  const out = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function norm(values: ArrayLike<number>): number {
  return Math.sqrt(dot(values, values));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * The two orthonormal directions in which rows reach farthest: eigenvectors of RᵀR, through the small matrix RRᵀ and its
 * singular values. Of a direction and its opposite it is the one whose largest number is positive. Also the shares of the
 * rows' squares that they hold.
 */
export function principal(rows: readonly ArrayLike<number>[]): {
  directions: Directions;
  shares: [number, number];
} {
  const n = rows.length;
  const size = rows[0].length;
  const gram = rows.map((a) => rows.map((b) => dot(a, b)));
  const { U: u, S: s } = noGrad(() => linalg.svd(tensor(gram, { dtype: 'float64' })));
  const left = u.toTypedArray();
  const values = Float64Array.from(s.toTypedArray(), Number);
  const total = values.reduce((a, b) => a + b, 0) || 1;
  const direction = (k: number): Float64Array => {
    const out = new Float64Array(size);
    for (let i = 0; i < n && k < n; i++) {
      const share = left[i * n + k];
      for (let j = 0; j < size; j++) out[j] += share * rows[i][j];
    }
    const length = norm(out);
    if (length <= 1e-12 * Math.sqrt(total)) return new Float64Array(size);
    const largest = out.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    return out.map((value) => value / (Math.sign(largest) * length));
  };
  return {
    directions: [direction(0), direction(1)],
    shares: [(values.at(0) ?? 0) / total, (values.at(1) ?? 0) / total],
  };
}

/** Coordinates of a vector along two directions, by least squares. */
export function coordinates(vector: ArrayLike<number>, [a, b]: Directions): [number, number] {
  const [aa, ab, bb] = [dot(a, a), dot(a, b), dot(b, b)];
  const [va, vb] = [dot(vector, a), dot(vector, b)];
  const determinant = aa * bb - ab * ab;
  if (Math.abs(determinant) < 1e-30) return [aa > 0 ? va / aa : 0, 0];
  return [(va * bb - vb * ab) / determinant, (vb * aa - va * ab) / determinant];
}

/** All weights in a row. */
export function flat(parameters: readonly Tensor[]): Float64Array {
  return Float64Array.from(nn.utils.parametersToVector(parameters).detach().toTypedArray(), Number);
}

/** Lets an optimizer go downhill from where the parameters are; the weights after each step, the first before it. */
export function descend(
  parameters: Tensor[],
  loss: () => Tensor,
  make: MakeOptimizer,
  steps: number,
): Float64Array[] {
  const way = [flat(parameters)];
  const optimizer = make(parameters);
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    loss().backward();
    optimizer.step();
    way.push(flat(parameters));
  }
  optimizer.zeroGrad();
  return way;
}

/** Puts weights, running statistics and gradients back when `fn` is done. */
export function keeping<T>(model: nn.Module, fn: (parameters: Tensor[], centre: Float64Array) => T): T {
  const parameters: Tensor[] = model.parameters();
  const centre = flat(parameters);
  const gradients = parameters.map(({ grad }) => grad);
  const buffers = model.namedBuffers().map(([, buffer]) => ({ buffer, before: buffer.detach().clone() }));
  try {
    return fn(parameters, centre);
  } finally {
    setWeights(parameters, centre);
    noGrad(() => {
      for (const { buffer, before } of buffers) buffer.copy_(before);
    });
    parameters.forEach((parameter, i) => (parameter.grad = gradients[i]));
  }
}

export function setWeights(parameters: readonly Tensor[], values: ArrayLike<number>): void {
  noGrad(() => {
    let at = 0;
    for (const parameter of parameters) {
      const own = Array.from({ length: parameter.numel() }, (_, i) => values[at + i]);
      at += own.length;
      parameter.copy_(
        tensor(own, { dtype: parameter.dtype === 'float64' ? 'float64' : 'float32' }).reshape(
          parameter.shape,
        ),
      );
    }
  });
}
