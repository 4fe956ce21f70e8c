/** What grows: training steps of which one size is doubled again and again. */

/** As much of the library as the steps use, as it is built in `dist`. */
export type Nabla = typeof import('../../../core/index.js');

export interface Series {
  readonly name: string;
  readonly title: string;
  readonly sizes: readonly number[];
  /** A step for a size, with all that it needs. */
  readonly create: (nabla: Nabla, size: number) => () => void;
}

export const series: readonly Series[] = [
  {
    name: 'batch',
    title: 'MLP 256-256-256-10 with Adam, samples in a batch',
    sizes: [32, 64, 128, 256, 512, 1024],
    create: (nabla, batch) => perceptron(nabla, { batch, width: 256, layers: 3 }),
  },
  {
    name: 'width',
    title: 'MLP of 3 layers with Adam, batch 64, width of the layers',
    sizes: [64, 128, 256, 512, 1024],
    create: (nabla, width) => perceptron(nabla, { batch: 64, width, layers: 3 }),
  },
  {
    name: 'depth',
    title: 'MLP of width 128 with Adam, batch 64, layers',
    sizes: [2, 4, 8, 16, 32],
    create: (nabla, layers) => perceptron(nabla, { batch: 64, width: 128, layers }),
  },
  {
    name: 'tokens',
    title: 'Transformer of 2 layers, width 64, 4 heads, with Adam, batch 4, tokens in a sequence',
    sizes: [32, 64, 128, 256, 512],
    create: transformer,
  },
  {
    name: 'attention',
    title: 'causal attention alone, forward and backward, 4 heads of width 32, tokens in a sequence',
    sizes: [256, 512, 1024, 2048, 4096],
    create: (nabla, tokens) => attention(nabla, { tokens, dropoutP: 0, dtype: 'float32' }),
  },
  {
    name: 'attention-dropout',
    title: 'the same with dropout 0.1',
    sizes: [128, 256, 512, 1024, 2048],
    create: (nabla, tokens) => attention(nabla, { tokens, dropoutP: 0.1, dtype: 'float32' }),
  },
  {
    name: 'attention-float64',
    title: 'the same in float64, without dropout',
    sizes: [128, 256, 512, 1024, 2048],
    create: (nabla, tokens) => attention(nabla, { tokens, dropoutP: 0, dtype: 'float64' }),
  },
];

function perceptron(
  { nn, optim, F, randn, randint, manualSeed }: Nabla,
  { batch, width, layers }: { batch: number; width: number; layers: number },
): () => void {
  manualSeed(0);
  const hidden = Array.from({ length: layers - 1 }, () => [new nn.Linear(width, width), new nn.ReLU()]);
  const model = new nn.Sequential(...hidden.flat(), new nn.Linear(width, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([batch, width]);
  const y = randint(0, 10, [batch]);
  return () => {
    optimizer.zeroGrad();
    F.crossEntropy(model.forward(x), y).backward();
    optimizer.step();
  };
}

function transformer({ nn, optim, randn, manualSeed }: Nabla, tokens: number): () => void {
  manualSeed(0);
  const [width, heads] = [64, 4];
  const layer = new nn.TransformerEncoderLayer(width, heads, {
    dimFeedforward: 4 * width,
    dropout: 0,
    batchFirst: true,
  });
  const model = new nn.TransformerEncoder(layer, 2);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([4, tokens, width]);
  return () => {
    optimizer.zeroGrad();
    model.forward(x).square().mean().backward();
    optimizer.step();
  };
}

function attention(
  { F, randn, manualSeed }: Nabla,
  { tokens, dropoutP, dtype }: { tokens: number; dropoutP: number; dtype: 'float32' | 'float64' },
): () => void {
  manualSeed(0);
  const shape = [1, 4, tokens, 32];
  const operands = [0, 1, 2].map(() => randn(shape, { dtype, requiresGrad: true }));
  const [query, key, value] = operands;
  const gradient = randn(shape, { dtype });
  return () => {
    for (const operand of operands) operand.grad = null;
    F.scaledDotProductAttention(query, key, value, { isCausal: true, dropoutP }).backward(gradient);
  };
}
