/**
 * Optimizers that are written in tensor operations. The numbers are those of PyTorch 2.15 (CPU, float64) for the same six steps:
 * mean((tanh(x Wᵀ + b) - t)²) with x = linspace(-1, 1, 20) as 5 x 4 and t = linspace(0, 1, 15) as 5 x 3.
 */
import { describe, expect, test } from 'vitest';
import {
  compile,
  type FloatDType,
  linspace,
  nn,
  noGrad,
  optim,
  type Tensor,
  tensor,
} from '../../../core/index.js';

interface Fitted {
  readonly weight: nn.Parameter;
  readonly bias: nn.Parameter;
  readonly loss: () => Tensor;
}

function problem(dtype: FloatDType): Fitted {
  const weight = new nn.Parameter(
    tensor(
      [
        [0.5, -0.25, 0.75, 1],
        [-1, 0.3, 0.2, -0.6],
        [0.1, 0.9, -0.4, 0.05],
      ],
      { dtype },
    ),
  );
  const bias = new nn.Parameter(tensor([0.1, -0.2, 0.3], { dtype }));
  const x = linspace(-1, 1, 20, { dtype }).reshape(5, 4);
  const t = linspace(0, 1, 15, { dtype }).reshape(5, 3);
  return { weight, bias, loss: () => x.matmul(weight.t()).add(bias).tanh().sub(t).square().mean() };
}

function descend({ weight, bias, loss }: Fitted, optimizer: optim.Optimizer, steps: number): void {
  for (let step = 0; step < steps; step++) {
    weight.grad = bias.grad = null;
    loss().backward();
    optimizer.step();
  }
}

interface Trajectory {
  readonly name: string;
  readonly make: (weight: Tensor, bias: Tensor) => optim.Optimizer;
  readonly weight: readonly number[];
  readonly bias: readonly number[];
}

const TRAJECTORIES: readonly Trajectory[] = [
  {
    name: 'Adafactor',
    make: (weight, bias) => new optim.Adafactor([weight, bias]),
    weight: [
      0.44889734343162624, -0.29015759144122594, 0.7205863617922551, 0.9800055512266439, -0.9700815398158211,
      0.33384435756903946, 0.23597958290397988, -0.5631524447467542, 0.03946034303083171, 0.8651827630701788,
      -0.41169117205903827, 0.05734612938348342,
    ],
    bias: [0.11309687871172261, -0.1867792526247782, 0.31287558827634787],
  },
  {
    name: 'Adafactor with all options',
    make: (weight, bias) =>
      new optim.Adafactor([weight, bias], {
        lr: 0.5,
        beta2Decay: -0.5,
        eps: [1e-6, 1e-2],
        d: 1.5,
        weightDecay: 0.1,
      }),
    weight: [
      -0.15512065988727677, -0.5394345925877784, 0.3450210098932208, 0.652459728808761, -0.5941711132326872,
      0.5745309887638104, 0.684750300949835, 0.24615099390433282, -0.07868516544214968, 0.7077857500810028,
      -0.06766771497947204, 0.41263160709062335,
    ],
    bias: [0.4294691403224787, 0.37003548026230876, 0.5558139562019303],
  },
  {
    name: 'Adafactor that climbs',
    make: (weight, bias) => new optim.Adafactor([weight, bias], { lr: 0.1, maximize: true }),
    weight: [
      0.9821747479068581, 0.13651226418959223, 1.026678948099916, 1.1696377049206117, -1.2504534068536104,
      -0.009336825599726485, -0.1512660787405005, -0.9746327262528388, 0.748825880220205, 1.381388205871819,
      -0.0998562680447988, 0.18010230150690945,
    ],
    bias: [-0.016400889401345254, -0.30804446995434953, 0.1806426340682535],
  },
  {
    name: 'Muon',
    make: (weight) => new optim.Muon([weight], { lr: 0.02 }),
    weight: [
      0.44597037728155864, -0.2712103223930886, 0.733830265602514, 1.0047729882356864, -0.9733732514534914,
      0.32795288797059474, 0.2447560531609376, -0.5285411663260152, 0.040282256449097324, 0.8610593785278019,
      -0.3880113334490788, 0.08678369446515453,
    ],
    bias: [0.1, -0.2, 0.3],
  },
  {
    name: 'Muon with rates for AdamW',
    make: (weight) =>
      new optim.Muon([weight], {
        lr: 0.05,
        weightDecay: 0.01,
        momentum: 0.8,
        nesterov: false,
        nsSteps: 3,
        adjustLrFn: 'match_rms_adamw',
      }),
    weight: [
      0.44883564276907423, -0.27531184745297776, 0.7442175935982055, 1.0151848069340415, -0.9850655881467353,
      0.328244585808662, 0.24551502610691892, -0.5353121179538399, 0.0378243080113595, 0.8689983400250243,
      -0.3926809667317169, 0.09093281803658744,
    ],
    bias: [0.1, -0.2, 0.3],
  },
  {
    name: 'Muon with spectral rates',
    make: (weight) =>
      new optim.Muon([weight], {
        lr: 0.05,
        adjustLrFn: 'spectral_unclamped',
        nsCoefficients: [2, -1.5, 0.5],
      }),
    weight: [
      0.3496685136350383, -0.32154230530814815, 0.713260265903512, 1.0148360488798764, -0.9207031372295396,
      0.3845805091834253, 0.33305788101130646, -0.39898694895636216, -0.06127979937193296, 0.8038787044331878,
      -0.37337508012792164, 0.15100615814228285,
    ],
    bias: [0.1, -0.2, 0.3],
  },
];

/** Parameters and gradients are rounded to 11 and 8 binary digits, six times. */
const HALVES = { float16: 0.01, bfloat16: 0.03 } as const;

function largestDifference(found: Tensor, expected: readonly number[]): number {
  const values = found.flatten().tolist() as number[];
  expect(values).toHaveLength(expected.length);
  return Math.max(...values.map((value, i) => Math.abs(value - expected[i])));
}

describe.each(TRAJECTORIES)('$name', ({ make, weight, bias }) => {
  test.each([
    ['float64', 1e-12],
    ['float32', 1e-6],
    ['float16', HALVES.float16],
    ['bfloat16', HALVES.bfloat16],
  ] as const)("goes PyTorch's way in %s", (dtype, bound) => {
    const fitted = problem(dtype);
    descend(fitted, make(fitted.weight, fitted.bias), 6);
    expect(fitted.weight.dtype).toBe(dtype);
    expect(largestDifference(fitted.weight, weight)).toBeLessThan(bound);
    expect(largestDifference(fitted.bias, bias)).toBeLessThan(bound);
  });

  test('continues exactly from a saved state', () => {
    const first = problem('float32');
    const optimizer = make(first.weight, first.bias);
    descend(first, optimizer, 3);
    const second = problem('float32');
    noGrad(() => {
      second.weight.copy_(first.weight);
      second.bias.copy_(first.bias);
    });
    const resumed = make(second.weight, second.bias);
    resumed.loadStateDict(optimizer.stateDict());
    descend(first, optimizer, 3);
    descend(second, resumed, 3);
    expect(second.weight.tolist()).toEqual(first.weight.tolist());
    expect(second.bias.tolist()).toEqual(first.bias.tolist());
  });

  test('makes the same steps in a compiled function', () => {
    const eager = problem('float64');
    descend(eager, make(eager.weight, eager.bias), 6);
    const compiled = problem('float64');
    const optimizer = make(compiled.weight, compiled.bias);
    const step = compile(() => {
      compiled.weight.grad = compiled.bias.grad = null;
      const loss = compiled.loss();
      loss.backward();
      optimizer.step();
      return loss;
    });
    for (let i = 0; i < 6; i++) step();
    expect(largestDifference(compiled.weight, eager.weight.flatten().tolist() as number[])).toBeLessThan(
      1e-12,
    );
    expect(largestDifference(compiled.bias, eager.bias.tolist() as number[])).toBeLessThan(1e-12);
  });
});

describe('composed optimizers', () => {
  test('count an update as a change, and leave alone what has no gradient', () => {
    const { weight, bias } = problem('float32');
    const { version } = weight;
    weight.grad = tensor([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ]);
    new optim.Adafactor([weight, bias]).step();
    expect(bias.tolist()).toEqual([0.1, -0.2, 0.3].map(Math.fround));
    expect(weight.version).toBeGreaterThan(version);
  });

  test('refuse what makes no sense and say what would', () => {
    const { weight, bias } = problem('float32');
    expect(() => new optim.Muon([weight, bias])).toThrow(
      /Muon: takes matrices, got a parameter of shape \[3\].*AdamW/,
    );
    const muon = new optim.Muon([weight]);
    expect(() => muon.addParamGroup({ params: bias })).toThrow('takes matrices');
    expect(muon.paramGroups).toHaveLength(1);
    expect(() => new optim.Muon([weight], { nsSteps: 100 })).toThrow('an integer from 0 to 99, got 100');
    expect(() => new optim.Muon([weight], { adjustLrFn: 'rms' as never })).toThrow('match_rms_adamw');
    expect(() => new optim.Adafactor([weight], { d: 0.5 })).toThrow('d must be 1 or more, got 0.5');
    expect(() => new optim.Adafactor([weight], { beta2Decay: 1 })).toThrow('beta2Decay must be 0 or less');
    expect(() => new optim.Adafactor([weight], { eps: 1e-3 as never })).toThrow('eps are two numbers');
    const other = problem('float32');
    const saved = new optim.Adafactor([other.weight.t().detach()]);
    saved.paramGroups[0].params[0].grad = tensor([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    saved.step();
    expect(() => new optim.Adafactor([weight]).loadStateDict(saved.stateDict())).toThrow(
      "Adafactor's rowVar of parameter 0 has shape [4, 1], it needs [3, 1]",
    );
  });
});
