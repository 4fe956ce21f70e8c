/** The training steps, and the numbers that all contenders begin with. */

export interface TrainingCase {
  readonly name: string;
  readonly title: string;
  readonly sizes: Readonly<Record<string, number | readonly number[]>>;
  readonly learningRate: number;
  /** Name and shape of what is trained, as in PyTorch's state dict; `scale` bounds the first, uniform values. */
  readonly weights: readonly Weight[];
  /** What a step reads, in the order of its operands: for all batches together. */
  readonly batch: (random: () => number) => Readonly<Record<string, Data>>;
}

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly scale: number;
  /** 1 for the weights of norms. */
  readonly around?: number;
}

export interface Data {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Steps go through them in turn, so that nothing is learned by heart within a measurement. */
export const BATCHES = 8;

const linear = (name: string, from: number, to: number, bias = true): Weight[] => [
  { name: `${name}.weight`, shape: [to, from], scale: 1 / Math.sqrt(from) },
  ...(bias ? [{ name: `${name}.bias`, shape: [to], scale: 1 / Math.sqrt(from) }] : []),
];
const convolution = (name: string, from: number, to: number): Weight[] => [
  { name: `${name}.weight`, shape: [to, from, 3, 3], scale: 1 / Math.sqrt(9 * from) },
  { name: `${name}.bias`, shape: [to], scale: 1 / Math.sqrt(9 * from) },
];
const norm = (name: string, width: number): Weight[] => [
  { name: `${name}.weight`, shape: [width], scale: 0, around: 1 },
  { name: `${name}.bias`, shape: [width], scale: 0 },
];
const table = (name: string, rows: number, width: number, scale: number): Weight[] => [
  { name: `${name}.weight`, shape: [rows, width], scale },
];

const reals = (random: () => number, shape: readonly number[]): Data => ({
  shape,
  data: Float32Array.from({ length: count(shape) }, () => 2 * random() - 1),
});
const integers = (random: () => number, below: number, shape: readonly number[]): Data => ({
  shape,
  data: Int32Array.from({ length: count(shape) }, () => Math.floor(random() * below)),
});

export function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function mlp(): TrainingCase {
  const widths = [784, 128, 64, 10];
  return {
    name: 'mlp',
    title: 'MLP 784-128-64-10, ReLU, batch 64',
    sizes: { widths },
    learningRate: 1e-4,
    weights: [0, 1, 2].flatMap((i) => linear(String(2 * i), widths[i], widths[i + 1])),
    batch: (random) => ({
      x: reals(random, [BATCHES, 64, 784]),
      y: integers(random, 10, [BATCHES, 64]),
    }),
  };
}

function cnn(): TrainingCase {
  const [channels, side, classes] = [[16, 32], 28, 10];
  return {
    name: 'cnn',
    title: 'CNN: conv 3x3 1-16, pool, conv 3x3 16-32, pool, linear; 28x28, batch 64',
    sizes: { channels, side, classes },
    learningRate: 1e-4,
    weights: [
      ...convolution('0', 1, channels[0]),
      ...convolution('3', channels[0], channels[1]),
      ...linear('7', channels[1] * (side / 4) ** 2, classes),
    ],
    batch: (random) => ({
      x: reals(random, [BATCHES, 64, 1, side, side]),
      y: integers(random, classes, [BATCHES, 64]),
    }),
  };
}

function gpt(): TrainingCase {
  const sizes = { vocabulary: 65, width: 128, heads: 4, layers: 2, length: 64, batch: 16 };
  const { vocabulary, width, length, batch } = sizes;
  const block = (name: string) => [
    ...norm(`${name}.ln1`, width),
    ...linear(`${name}.qkv`, width, 3 * width),
    ...linear(`${name}.proj`, width, width),
    ...norm(`${name}.ln2`, width),
    ...linear(`${name}.fc`, width, 4 * width),
    ...linear(`${name}.out`, 4 * width, width),
  ];
  return {
    name: 'gpt',
    title: 'GPT: 2 layers, width 128, 4 heads, 64 tokens, batch 16',
    sizes,
    learningRate: 1e-4,
    weights: [
      { name: 'wpe', shape: [length, width], scale: 0.05 },
      ...table('wte', vocabulary, width, 0.05),
      ...Array.from({ length: sizes.layers }, (_, i) => block(`blocks.${i}`)).flat(),
      ...norm('lnf', width),
      ...linear('head', width, vocabulary, false),
    ],
    batch: (random) => ({
      x: integers(random, vocabulary, [BATCHES, batch, length]),
      y: integers(random, vocabulary, [BATCHES, batch, length]),
    }),
  };
}

function factorization(): TrainingCase {
  const sizes = { users: 2000, items: 1000, rank: 32, batch: 1024 };
  const shape = [BATCHES, sizes.batch];
  return {
    name: 'mf',
    title: 'matrix factorization: 2000 users, 1000 items, rank 32, 1024 ratings',
    sizes,
    learningRate: 1e-4,
    weights: [
      ...table('user', sizes.users, sizes.rank, 0.3),
      ...table('item', sizes.items, sizes.rank, 0.3),
      ...table('user_bias', sizes.users, 1, 0.3),
      ...table('item_bias', sizes.items, 1, 0.3),
    ],
    batch: (random) => ({
      user: integers(random, sizes.users, shape),
      item: integers(random, sizes.items, shape),
      rating: reals(random, shape),
    }),
  };
}

function moons(): TrainingCase {
  const widths = [2, 16, 16, 2];
  return {
    name: 'moons',
    title: 'moons: 2-16-16-2, tanh, batch 64',
    sizes: { widths },
    learningRate: 1e-4,
    weights: [0, 1, 2].flatMap((i) => linear(String(2 * i), widths[i], widths[i + 1])),
    batch: twoMoons,
  };
}

/** Two half circles that reach into each other, with noise. */
function twoMoons(random: () => number): Record<string, Data> {
  const points = BATCHES * 64;
  const x = new Float32Array(2 * points);
  const y = new Int32Array(points);
  for (let i = 0; i < points; i++) {
    const angle = Math.PI * random();
    const upper = i % 2 === 0;
    x[2 * i] = (upper ? Math.cos(angle) : 1 - Math.cos(angle)) + 0.2 * (random() - 0.5);
    x[2 * i + 1] = (upper ? Math.sin(angle) : 0.5 - Math.sin(angle)) + 0.2 * (random() - 0.5);
    y[i] = upper ? 0 : 1;
  }
  return { x: { shape: [BATCHES, 64, 2], data: x }, y: { shape: [BATCHES, 64], data: y } };
}

/** Ops on 16 numbers: nothing is read or trained. */
function tiny(name: string, title: string): TrainingCase {
  return { name, title, sizes: {}, learningRate: 0, weights: [], batch: () => ({}) };
}

export const trainingCases: readonly TrainingCase[] = [
  mlp(),
  cnn(),
  gpt(),
  factorization(),
  moons(),
  tiny('tiny', 'an op on 16 numbers (mul, add, tanh in turn)'),
  tiny('tiny-record', 'a recorded op on 16 numbers (mul)'),
  tiny('tiny-grad', 'an op on 16 numbers with its part of the backward pass (mul, add, tanh, sum)'),
];

/** Random numbers in [0, 1) that only depend on the seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All arrays of a case by name, in the order in which models and steps want them. */
export function arraysOf({ weights, batch }: TrainingCase): Record<string, Data> {
  const random = seeded(7);
  const arrays: Record<string, Data> = {};
  for (const { name, shape, scale, around = 0 } of weights)
    arrays[`weights.${name}`] = {
      shape,
      data: Float32Array.from({ length: count(shape) }, () => around + scale * (2 * random() - 1)),
    };
  for (const [name, data] of Object.entries(batch(random))) arrays[`batch.${name}`] = data;
  return arrays;
}
