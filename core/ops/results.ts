/** Several results of one op: an array to destructure, whose entries have names too. */

export type Named<Names extends string, Values extends readonly unknown[]> = Values &
  Readonly<Record<Names, Values[number]>>;

/** Makes arrays that have the names by what they inherit. */
type Maker = new (...values: unknown[]) => unknown[];

interface Kind {
  readonly names: readonly string[];
  readonly make: Maker;
}

const kinds: Kind[] = [];

/** `named(['values', 'indices'], [v, i])` is `[v, i]` with `.values` and `.indices`. */
export function named<const Names extends readonly string[], Values extends readonly unknown[]>(
  names: Names,
  values: [...Values],
): Named<Names[number], Values> {
  const results = new (kindOf(names).make)(...values);
  return results as [...Values] as Named<Names[number], Values>;
}

/** What makes pairs of these names, for who makes many. */
export function pairsOf<const Names extends readonly [string, string]>(
  names: Names,
): <A, B>(first: A, second: B) => Named<Names[number], [A, B]> {
  const { make: Pair } = kindOf(names);
  return <A, B>(first: A, second: B) => new Pair(first, second) as [A, B] as Named<Names[number], [A, B]>;
}

/** Results in the place of others, with their names. */
export function namedLike(others: readonly unknown[], values: readonly unknown[]): readonly unknown[] {
  const kind = kinds.find(({ make }) => others instanceof make);
  return kind === undefined ? values : new kind.make(...values);
}

function kindOf(names: readonly string[]): Kind {
  for (const known of kinds) if (isSame(known.names, names)) return known;
  return newKind(names);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Arrays of a class of their own take a quarter of the time of those that are told afterwards what they inherit from.
 * What is made of them by `map` and the like is a plain array.
 */
function newKind(names: readonly string[]): Kind {
  const make: Maker = class extends Array<unknown> {};
  Object.defineProperty(make.prototype, 'constructor', { value: Array });
  // `values` is a method of arrays, too; what is nearer hides it.
  names.forEach((name, i) => {
    Object.defineProperty(make.prototype, name, {
      get(this: readonly unknown[]): unknown {
        return this[i];
      },
    });
  });
  const kind = { names, make };
  kinds.push(kind);
  return kind;
}
