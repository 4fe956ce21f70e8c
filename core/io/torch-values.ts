/** What PyTorch's checkpoints name in their pickles, and what is made of it here. */
import { FILE_TYPES, type FileType } from './elements.js';
import { describeValue, Global, Opaque, type PickleValue } from './pickle-value.js';

/** The names of PyTorch's storage classes by what they hold. */
const STORAGES: Readonly<Record<string, FileType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  // Bytes, of which `_rebuild_tensor_v3` says what they are.
  'storage.UntypedStorage': 'uint8',
};

/** The types of elements that have no storage class of their own, by their dtypes' names. */
const UNTYPED: Readonly<Record<string, FileType>> = {
  'torch.uint16': 'uint16',
  'torch.uint32': 'uint32',
  'torch.uint64': 'uint64',
};

const DTYPES = new Set(
  'float64 double float32 float float16 half bfloat16 int64 long int32 int int16 short int8 uint8 bool uint16 uint32 uint64'.split(
    ' ',
  ),
);

/** The class of a storage. */
class StorageClass extends Global {
  constructor(
    name: string,
    readonly type: FileType,
  ) {
    super(`torch.${name}`);
  }
}

/** A storage that is in the file and was not read yet. */
export class StorageReference extends Opaque {
  constructor(
    readonly key: string,
    readonly type: FileType,
    readonly count: number,
  ) {
    super();
  }

  get description(): string {
    return `the ${this.type} storage ${JSON.stringify(this.key)}`;
  }
}

/** A tensor whose storage was not read yet. */
export class TensorReference extends Opaque {
  readonly description = 'a tensor';

  constructor(
    readonly storage: StorageReference,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    readonly requiresGrad: boolean,
  ) {
    super();
  }
}

/** The names a checkpoint may use, and their meaning; null for any other. */
export function torchGlobals(where: string): (module: string, name: string) => Global | null {
  const wrong = (name: string, problem: string): never => {
    throw new Error(`${where}: ${name}: ${problem}`);
  };
  const rebuildTensor = (args: readonly PickleValue[]): TensorReference => rebuild(args, wrong);
  const known = new Map<string, Global>();
  const allow = (name: string, call: (args: readonly PickleValue[]) => PickleValue): void => {
    known.set(name, new Global(name, call));
  };
  allow('collections.OrderedDict', (args) => orderedDict(args, wrong));
  allow('torch.Size', ([sizes]) => (isSizes(sizes) ? sizes : wrong('torch.Size', 'is not made of sizes')));
  allow('torch.device', (args) => args.map((arg) => String(arg as string | number)).join(':'));
  allow('torch._utils._rebuild_tensor', rebuildTensor);
  allow('torch._utils._rebuild_tensor_v2', rebuildTensor);
  allow('torch._utils._rebuild_tensor_v3', (args) => rebuild(typed(args, wrong), wrong));
  for (const module of ['builtins', '__builtin__']) {
    // Their elements; a tensor has no equal, and others have no need to be hashed here.
    for (const name of ['set', 'frozenset']) {
      allow(`${module}.${name}`, ([items = []]) =>
        Array.isArray(items) ? items : wrong(name, 'is not made of a list'),
      );
    }
  }
  allow('torch._utils._rebuild_parameter', ([data, requiresGrad]) => {
    if (!(data instanceof TensorReference))
      return wrong('_rebuild_parameter', `takes a tensor, got ${describeValue(data)}`);
    return new TensorReference(data.storage, data.offset, data.shape, data.strides, requiresGrad === true);
  });
  for (const [name, type] of Object.entries(STORAGES))
    known.set(`torch.${name}`, new StorageClass(name, type));
  for (const name of DTYPES) known.set(`torch.${name}`, new Global(`torch.${name}`));
  return (module, name) => known.get(`${module}.${name}`) ?? null;
}

/** What a persistent id stands for: ('storage', class, key, device, number of elements). */
export function torchStorage(where: string, id: PickleValue): StorageReference {
  if (Array.isArray(id) && id.length === 5) {
    const [kind, type, key, , count] = id;
    if (kind === 'storage' && type instanceof StorageClass && typeof key === 'string' && isSize(count)) {
      return new StorageReference(key, type.type, count);
    }
  }
  throw new Error(`${where}: the pickle refers to ${describeValue(id)} where it should refer to a storage`);
}

type Wrong = (name: string, problem: string) => never;

/** `_rebuild_tensor_v3`'s arguments, with bytes as what its dtype, the seventh, says. */
function typed(args: readonly PickleValue[], wrong: Wrong): readonly PickleValue[] {
  const [storage, , , , , , dtype] = args;
  const type = dtype instanceof Global ? UNTYPED[dtype.description] : undefined;
  if (!(storage instanceof StorageReference) || storage.type !== 'uint8' || type === undefined) {
    return wrong(
      '_rebuild_tensor_v3',
      `takes bytes and a dtype, got ${args.map(describeValue).join(', ').slice(0, 300)}`,
    );
  }
  const count = Math.floor(storage.count / FILE_TYPES[type].bytes);
  return [new StorageReference(storage.key, type, count), ...args.slice(1)];
}

/** (storage, offset, size, stride, requires_grad, backward_hooks, …) */
function rebuild(args: readonly PickleValue[], wrong: Wrong): TensorReference {
  const [storage, offset, shape, strides, requiresGrad = false] = args;
  if (!(storage instanceof StorageReference) || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) {
    return wrong(
      '_rebuild_tensor',
      `takes a storage, an offset, a shape and strides, got ${args.map(describeValue).join(', ').slice(0, 300)}`,
    );
  }
  const size = shape.reduce((product, n) => product * n, 1);
  if (shape.length !== strides.length || shape.length > 64 || !Number.isSafeInteger(size)) {
    return wrong(
      '_rebuild_tensor',
      `[${shape.join(', ')}] with strides [${strides.join(', ')}] is no layout`,
    );
  }
  const end = size === 0 ? offset : offset + 1 + shape.reduce((sum, n, i) => sum + (n - 1) * strides[i], 0);
  if (end > storage.count) {
    return wrong(
      '_rebuild_tensor',
      `a tensor of shape [${shape.join(', ')}] and strides [${strides.join(', ')}] from element ${offset} on needs ${end} ` +
        `elements, ${storage.description} has ${storage.count}`,
    );
  }
  return new TensorReference(storage, offset, [...shape], [...strides], requiresGrad === true);
}

function orderedDict(args: readonly PickleValue[], wrong: Wrong): Map<PickleValue, PickleValue> {
  const dict = new Map<PickleValue, PickleValue>();
  const [items = []] = args;
  if (!Array.isArray(items) || args.length > 1) return wrong('OrderedDict', 'is not made of pairs');
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== 2) return wrong('OrderedDict', 'is not made of pairs');
    dict.set(item[0], item[1]);
  }
  return dict;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}
