/** Makes a module from the constructor arguments that a reference file gives in PyTorch's form. */
import { nn } from 'nabla/core';
import { camelCase, readArgument, type Stored } from '../ops/values.js';
import { Unsupported } from '../suite.js';

/** `Linear(3, 4)`, as `nn.Sequential` lists its layers. */
const CALL = /^(\w+)\(([^)]*)\)$/;

/** PyTorch's position of arguments that are options here. */
const OPTION_POSITIONS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  TransformerEncoderLayer: { 2: 'dimFeedforward' },
  TransformerDecoderLayer: { 2: 'dimFeedforward' },
};

export function construct(
  name: string,
  args: readonly Stored[],
  kwargs: Readonly<Record<string, Stored>>,
): nn.Module {
  if (name === 'Sequential') return sequential(args);
  const constructor: unknown = Object.entries(nn).find(([key]) => key === name)?.[1];
  if (typeof constructor !== 'function') throw new Unsupported(`nn.${name}`);
  const positions = OPTION_POSITIONS[name] ?? {};
  const options: Record<string, unknown> = {};
  const positional: unknown[] = [];
  args.forEach((arg, i) => {
    const value = readArgument(arg, 'float64', []);
    if (i in positions) options[positions[i]] = value;
    else positional.push(value);
  });
  for (const [key, value] of Object.entries(kwargs))
    options[camelCase(key)] = readArgument(value, 'float64', []);
  if (Object.keys(options).length > 0) positional.push(options);
  const made: unknown = Reflect.construct(constructor, positional);
  if (!(made instanceof nn.Module)) throw new Unsupported(`nn.${name} is no module`);
  return made;
}

function sequential(args: readonly Stored[]): nn.Module {
  const model = new nn.Sequential();
  const [list] = args;
  if (!Array.isArray(list)) throw new Error('nn.Sequential: expected its layers as text');
  for (const text of list) {
    const match = CALL.exec(String(text));
    if (!match) throw new Error(`nn.Sequential: cannot read ${String(text)}`);
    const numbers = match[2] === '' ? [] : match[2].split(',').map(Number);
    const layer = construct(match[1], numbers, {});
    model.append(layer as nn.Layer);
  }
  return model;
}
