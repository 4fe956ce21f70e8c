import { describe, expect, test } from 'vitest';
import { getRngState, manualSeed, nn, randn, tensor, type Tensor } from '../../../core/index.js';

class Block extends nn.Module {
  readonly fc = new nn.Linear(3, 3);
  readonly norm = new nn.Identity();

  forward(x: Tensor): Tensor {
    return this.norm(this.fc(x)).tanh();
  }
}

class Net extends nn.Module {
  readonly convBlock = new Block();
  readonly head = new nn.Linear(3, 2, { bias: false });
  readonly scale = new nn.Parameter(tensor([2]));
  override name = 'net';

  constructor() {
    super();
    this.registerBuffer('runningMean', tensor([1, 2]));
    this.registerBuffer('cache', tensor([0]), { persistent: false });
  }

  forward(x: Tensor, repeat = 1): Tensor {
    let y = x;
    for (let i = 0; i < repeat; i++) y = this.convBlock(y);
    return this.head(y).mul(this.scale);
  }
}

const NAMES = ['scale', 'conv_block.fc.weight', 'conv_block.fc.bias', 'head.weight'];

describe('a module', () => {
  test('is called like a function, with the arguments of forward', () => {
    const net = new Net();
    const x = randn(4, 3);
    const y: Tensor = net(x, 2);
    expect(y.tolist()).toEqual(net.forward(x, 2).tolist());
    expect(net).toBeInstanceOf(nn.Module);
    expect(net.name).toBe('net');
    expect(net.typeName).toBe('Net');
  });

  test('finds parameters in PyTorch order and under its names', () => {
    const net = new Net();
    // torch: own parameters first, then the children's in the order of assignment; `convBlock` is conv_block there.
    expect(net.namedParameters().map(([name]) => name)).toEqual(NAMES);
    const own = net.parameters(false);
    expect(own.length === 1 && own[0] === net.scale).toBe(true);
    expect(net.namedModules().map(([name]) => name)).toEqual([
      '',
      'conv_block',
      'conv_block.fc',
      'conv_block.norm',
      'head',
    ]);
    expect(net.getSubmodule('conv_block.fc')).toBe(net.convBlock.fc);
    expect(() => net.getSubmodule('conv_block.gc')).toThrow('Block has no module "gc"; it has: fc, norm');
  });

  test('names a parameter that two modules share once', () => {
    const tied = new nn.Linear(3, 3);
    const model = new nn.Sequential(tied, new nn.ReLU(), tied);
    expect(model.parameters()).toHaveLength(2);
    // torch: state_dict lists it under both names.
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  });

  test('saves and loads its state, buffers included', () => {
    manualSeed(1);
    const from = new Net();
    const to = new Net();
    const state = from.stateDict();
    expect(Object.keys(state)).toEqual(['scale', 'running_mean', ...NAMES.slice(1)]);
    expect(from.namedBuffers().map(([name]) => name)).toEqual(['running_mean', 'cache']);
    expect(to.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const x = randn(5, 3);
    expect(to(x).tolist()).toEqual(from(x).tolist());
    // The loaded values are copies: training one module leaves the other alone.
    from.scale.detach().fill_(7);
    expect(to.scale.tolist()).toEqual([2]);
  });

  test('lists everything that is wrong with a state and then copies nothing', () => {
    const net = new Net();
    const before: unknown = net.head.weight.tolist();
    const state = new Net().stateDict();
    delete state.scale;
    state.extra = tensor([1]);
    state['conv_block.fc.bias'] = tensor([1, 2, 3, 4]);
    expect(() => net.loadStateDict(state)).toThrow(
      /into Net:\s+missing keys: "scale"\s+unexpected keys: "extra"\s+size mismatch for "conv_block.fc.bias": the state has shape \[4\], the module \[3\]/,
    );
    expect(net.head.weight.tolist()).toEqual(before);
    delete state['conv_block.fc.bias'];
    expect(net.loadStateDict(state, { strict: false })).toEqual({
      missingKeys: ['scale', 'conv_block.fc.bias'],
      unexpectedKeys: ['extra'],
    });
  });

  test('switches modes, freezes and forgets gradients everywhere', () => {
    const net = new Net();
    net.eval();
    expect(net.modules().map((module) => module.training)).toEqual([false, false, false, false, false]);
    expect(net.train().convBlock.fc.training).toBe(true);
    net(randn(2, 3)).sum().backward();
    expect(net.head.weight.grad).not.toBeNull();
    net.zeroGrad();
    expect(net.parameters().every((parameter) => parameter.grad === null)).toBe(true);
    net.requiresGrad_(false);
    expect(net(randn(2, 3)).requiresGrad).toBe(false);
  });

  test('applies a function to children before parents', () => {
    const seen: string[] = [];
    new Net().apply((module) => seen.push(module.typeName));
    expect(seen).toEqual(['Linear', 'Identity', 'Block', 'Linear', 'Net']);
  });

  test('prints its structure in the form of PyTorch', () => {
    expect(String(new Net())).toBe(
      [
        'Net(',
        '  (conv_block): Block(',
        '    (fc): Linear(inFeatures=3, outFeatures=3, bias=true)',
        '    (norm): Identity()',
        '  )',
        '  (head): Linear(inFeatures=3, outFeatures=2, bias=false)',
        ')',
      ].join('\n'),
    );
  });

  test('converts its floats to another dtype', () => {
    const net = new Net().double();
    expect(net.parameters().map((parameter) => parameter.dtype)).toEqual(NAMES.map(() => 'float64'));
    expect(net.buffers().map((buffer) => buffer.dtype)).toEqual(['float64', 'float64']);
    expect(net(randn([2, 3], { dtype: 'float64' })).dtype).toBe('float64');
  });

  test('copies itself without drawing random numbers', () => {
    manualSeed(0);
    const net = new Net();
    net.head.weight.requiresGrad = false;
    net.registerForwardHook(() => {
      throw new Error('hooks are not copied');
    });
    const state = getRngState();
    const copy: Net = net.clone();
    expect(getRngState()).toEqual(state);
    const x = randn(2, 3);
    expect(copy(x).tolist()).toEqual(net.forward(x).tolist());
    expect(copy).toBeInstanceOf(Net);
    expect(copy.namedParameters().map(([name]) => name)).toEqual(NAMES);
    expect(copy.head.weight.requiresGrad).toBe(false);
    nn.init.zeros_(net.head.weight);
    expect(copy.head.weight.tolist()).not.toEqual(net.head.weight.tolist());
    const tied = new nn.Linear(2, 2);
    const twice = new nn.Sequential(tied, tied).clone();
    expect(twice.at(0)).toBe(twice.at(1));
    expect(twice.at(0)).not.toBe(tied);
  });

  test('says which layer an input does not fit, with both shapes', () => {
    expect(() => new Net()(randn(4, 5))).toThrow(
      'Linear(inFeatures=3, outFeatures=3, bias=true): expected an input of shape [..., 3], got [4, 5]',
    );
  });
});

describe('containers', () => {
  test('chain layers by position or by name', () => {
    manualSeed(0);
    const byPosition = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 1));
    manualSeed(0);
    const byName = new nn.Sequential({
      hidden: new nn.Linear(2, 3),
      act: new nn.Tanh(),
      out: new nn.Linear(3, 1),
    });
    const x = randn(4, 2);
    expect(byName(x).tolist()).toEqual(byPosition(x).tolist());
    expect(Object.keys(byName.stateDict())).toEqual([
      'hidden.weight',
      'hidden.bias',
      'out.weight',
      'out.bias',
    ]);
    expect(byPosition.at(-1)).toBe([...byPosition][2]);
    expect(byPosition.slice(0, 2)).toHaveLength(2);
    expect(() => byPosition.at(3)).toThrow('no item 3 among 3');
  });

  test('hold modules and parameters in lists and dictionaries', () => {
    class Many extends nn.Module {
      readonly layers = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
      readonly heads = new nn.ModuleDict({ a: new nn.Linear(2, 1), b: new nn.Linear(2, 3) });
      readonly extra = new nn.ParameterList([new nn.Parameter(tensor([1]))]);

      forward(x: Tensor): Tensor {
        let y = x;
        for (const layer of this.layers) y = layer(y);
        return this.heads.get('b')(y);
      }
    }
    const model = new Many();
    expect(model(randn(5, 2)).shape).toEqual([5, 3]);
    expect(Object.keys(model.stateDict())).toEqual([
      ...['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias'],
      ...['heads.a.weight', 'heads.a.bias', 'heads.b.weight', 'heads.b.bias', 'extra.0'],
    ]);
    expect(model.layers).toHaveLength(2);
    expect(() => model.heads.get('c')).toThrow('no item "c"; there are: a, b');
  });

  test('refuse a function where a layer is due', () => {
    // @ts-expect-error a function is no layer
    expect(() => new nn.Sequential(new nn.Linear(2, 2), (x: Tensor) => x.relu())).toThrow('not a module');
  });
});
