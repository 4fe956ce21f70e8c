/** Several results of one op: an array to destructure, whose entries have names too. */

export type Named<Names extends string, Values extends readonly unknown[]> = Values &
  Readonly<Record<Names, Values[number]>>;

interface Kind {
  readonly names: readonly string[];
  /** Has the names; an array that inherits from it takes a sixth of the time of one with properties of its own. */
  readonly prototype: object;
}

const kinds: Kind[] = [];

/** `named(['values', 'indices'], [v, i])` is `[v, i]` with `.values` and `.indices`. */
export function named<const Names extends readonly string[], Values extends readonly unknown[]>(
  names: Names,
  values: [...Values],
): Named<Names[number], Values> {
  const kind = kinds.find((known) => isSame(known.names, names)) ?? kindOf(names);
  return Object.setPrototypeOf(values, kind.prototype) as Named<Names[number], Values>;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function kindOf(names: readonly string[]): Kind {
  // `values` is a method of arrays, too; what is nearer hides it.
  const prototype = Object.create(
    Array.prototype,
    Object.fromEntries(
      names.map((name, i) => [
        name,
        {
          get(this: readonly unknown[]): unknown {
            return this[i];
          },
        },
      ]),
    ),
  ) as object;
  const kind = { names, prototype };
  kinds.push(kind);
  return kind;
}
