/** Checkpoints written by PyTorch 1.13.1 and 2.15 (see fixtures/README.md) and pickles that are up to no good. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { io, memory, nn, noGrad, Tensor, tensor } from '../../../core/index.js';
import { storedZip } from './zip-maker.js';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const file = (name: string): string => path.join(fixtures, name);

interface Flat {
  readonly shape: number[];
  readonly data: number[];
}
interface Logits {
  readonly input: Flat;
  readonly logits: Flat;
}
interface Expected {
  readonly mlp: Logits;
  readonly cnn: Logits;
  readonly transformer: Logits;
  readonly training: { readonly bias: Flat; readonly exp_avg: Flat };
  readonly tensors: Readonly<Record<string, Flat & { readonly dtype: string }>>;
}
const expected = JSON.parse(readFileSync(file('expected.json'), 'utf8')) as Expected;

function close(actual: Tensor, wanted: Flat): void {
  expect(actual.shape).toEqual(wanted.shape);
  actual.toTypedArray().forEach((value, i) => {
    expect(Math.abs(value - wanted.data[i]), `element ${i}`).toBeLessThanOrEqual(
      1e-5 + 1.3e-4 * Math.abs(wanted.data[i]),
    );
  });
}

const inputOf = ({ input }: Logits): Tensor => tensor(input.data, { shape: input.shape });

describe('weights trained in PyTorch', () => {
  it("give an MLP PyTorch's logits", () => {
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 3));
    model.loadStateDict(io.loadTorchStateDict(file('mlp.pt')));
    close(model(inputOf(expected.mlp)), expected.mlp.logits);
  });

  it("give a CNN PyTorch's logits, running statistics included", () => {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 4, 3, { padding: 1 }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(64, 3),
    );
    model.loadStateDict(io.loadTorchStateDict(file('cnn.pth')));
    model.eval();
    close(model(inputOf(expected.cnn)), expected.cnn.logits);
  });

  it("give a Transformer PyTorch's output", () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0, batchFirst: true });
    const model = new nn.TransformerEncoder(layer, 2);
    model.loadStateDict(io.loadTorchStateDict(file('transformer.pt')));
    close(
      noGrad(() => model(inputOf(expected.transformer))),
      expected.transformer.logits,
    );
  });
});

describe('loadTorch', () => {
  it('reads every element type exactly, and strided views', () => {
    const state = io.loadTorchStateDict(file('tensors.pt'));
    expect(Object.keys(state)).toEqual(Object.keys(expected.tensors));
    for (const [name, wanted] of Object.entries(expected.tensors)) {
      expect(state[name].shape, name).toEqual(wanted.shape);
      expect(Array.from(state[name].toTypedArray()), name).toEqual(wanted.data);
    }
    expect(state.half.dtype).toBe('float16');
    expect(state.long.dtype).toBe('int64');
    expect(state.flag.dtype).toBe('bool');
  });

  it('reads unsigned integers and sets, as PyTorch 2 writes them', () => {
    const { u16, u32, u64, names, frozen, none } = io.loadTorch(file('unsigned.pt')) as Record<
      string,
      Tensor
    >;
    expect(u16.toArray()).toEqual([[65535, 7]]);
    expect(u32.toArray()).toEqual([2 ** 32 - 1]);
    expect(u64.toArray()).toEqual([2 ** 53 - 1]);
    expect([u16.dtype, u32.dtype, u64.dtype]).toEqual(['int32', 'int64', 'int64']);
    expect([names, frozen, none]).toEqual([['b'], [1, 2], []]);
  });

  it('lets tensors share what they shared', () => {
    const { base, part, transposed } = io.loadTorchStateDict(file('tensors.pt'));
    base.set([4], 100);
    expect(part.at(0).item()).toBe(100);
    expect(transposed.at(4, 0).item()).toBe(100);
    expect(transposed.strides).toEqual([1, 6]);
  });

  it('reads a training checkpoint with everything in it', () => {
    const checkpoint = io.loadTorch(file('training.pt')) as Record<string, unknown>;
    expect(checkpoint).toMatchObject({
      epoch: 7,
      best: 0.25,
      name: 'mlp ü',
      done: false,
      nothing: null,
      big: 2 ** 40,
      huge: 2n ** 70n,
      negative: -3,
      history: [1.5, Infinity],
      size: [2, 3],
      dtype: 'torch.float16',
      device: 'cpu',
    });
    const { parameter } = checkpoint;
    expect(parameter instanceof Tensor && parameter.requiresGrad).toBe(true);
    const { state } = checkpoint.optimizer as { state: Record<number, Record<string, Tensor>> };
    close(state[3].exp_avg, expected.training.exp_avg);
    close(io.loadTorchStateDict(file('training.pt'), 'model')['2.bias'], expected.training.bias);
  });

  it('says what a checkpoint has if it is not a state dict', () => {
    expect(() => io.loadTorchStateDict(file('training.pt'))).toThrow(/is not a state dict.*"epoch", "best"/);
    expect(() => io.loadTorchStateDict(file('training.pt'), 'net')).toThrow(/has no "net"; it has "epoch"/);
  });
});

describe('a pickle that wants more than data', () => {
  it('is refused by the name of the function it wants, which does not run', () => {
    expect(() => io.loadTorch(file('malicious.pt'))).toThrow(
      /malicious\.pt: .*global "posix\.system", which is not allowed/,
    );
    expect(existsSync('/tmp/nabla-pickle-was-run')).toBe(false);
  });

  it('is refused when it holds a whole model', () => {
    expect(() => io.loadTorch(file('whole-model.pt'))).toThrow(/"torch\.nn\.modules\.container\.Sequential"/);
  });

  it('is refused in the old format, with a way out', () => {
    expect(() => io.loadTorch(file('legacy.pt'))).toThrow(/before PyTorch 1\.6.*save it again/);
  });

  it.each([
    ['NEWOBJ', 'ccollections\nOrderedDict\n)\x81.', /opcode NEWOBJ, which can call code/],
    ['INST', '(iposix\nsystem\n.', /opcode INST/],
    ['OBJ', '(cposix\nsystem\no.', /global "posix\.system"/],
    ['STACK_GLOBAL', '\x8c\x05posix\x8c\x06system\x93.', /global "posix\.system"/],
    ['a dotted name', '\x8c\x05torch\x8c\x0cSize.__new__\x93.', /not allowed/],
    ['REDUCE of a class', 'ctorch\nFloatStorage\n)R.', /cannot be called/],
    ['BUILD of attributes', 'ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00ENsb.', /BUILD/],
    ['an unknown opcode', '\xff.', /opcode 0xff/],
    ['no end', 'N', /ends too early/],
    ['an empty stack', '.', /empty stack/],
    ['a memo never written', 'h\x05.', /recalls 5/],
    ['no mark', 't.', /no mark/],
    ['a storage of no kind', 'K\x01Q.', /should refer to a storage/],
    ['a list in itself', ']q\x00h\x00a.', /contains itself/],
    ['a text that is cut off', 'X\xff\xff\xff\x7f.', /ends too early/],
    ['a value left over', 'NN.', /left over/],
  ])('%s', (_, pickle, message) => {
    expect(() => io.loadTorch(checkpoint(pickle))).toThrow(message);
  });
});

describe('a tensor that is not in its storage', () => {
  const storage = (key: string, count: number): string =>
    `(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00${key}X\x03\x00\x00\x00cpuK${String.fromCharCode(count)}tQ`;
  const rebuilt = (stored: string, offset: number, shape: number[], strides: number[]): string => {
    const tuple = (items: number[]): string => `(${items.map((n) => `K${String.fromCharCode(n)}`).join('')}t`;
    return `ctorch._utils\n_rebuild_tensor_v2\n(${stored}K${String.fromCharCode(offset)}${tuple(shape)}${tuple(strides)}\x89NtR.`;
  };
  const data = { 'x/data/0': Buffer.from(new Float32Array([1, 2, 3, 4]).buffer) };

  it('is read where all is well', () => {
    const x = io.loadTorch(checkpoint(rebuilt(storage('0', 4), 1, [3], [1]), data));
    expect(x instanceof Tensor && x.toArray()).toEqual([2, 3, 4]);
  });

  it.each([
    ['beyond the end', rebuilt(storage('0', 4), 2, [3], [1]), /needs 5 elements/],
    ['by its strides', rebuilt(storage('0', 4), 0, [2, 2], [3, 1]), /needs 5 elements/],
    ['of other dimensions', rebuilt(storage('0', 4), 0, [2, 2], [1]), /is no layout/],
    ['of another size', rebuilt(storage('0', 5), 0, [4], [1]), /takes 20 bytes, the member has 16/],
    ['that is missing', rebuilt(storage('7', 4), 0, [4], [1]), /has no member "x\/data\/7"/],
  ])('%s', (_, pickle, message) => {
    const before = memory().allocated;
    expect(() => io.loadTorch(checkpoint(pickle, data))).toThrow(message);
    expect(memory().allocated).toBe(before);
  });
});

/** A checkpoint with a pickle given as text of bytes. */
function checkpoint(pickle: string, members: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  return storedZip({ 'x/data.pkl': Buffer.from(`\x80\x02${pickle}`, 'latin1'), ...members });
}
