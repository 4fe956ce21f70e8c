/** Several results of one op: an array to destructure, whose entries have names too. */

export type Named<Names extends string, Values extends readonly unknown[]> = Values &
  Readonly<Record<Names, Values[number]>>;

/** `named(['values', 'indices'], [v, i])` is `[v, i]` with `.values` and `.indices`. */
export function named<const Names extends readonly string[], Values extends readonly unknown[]>(
  names: Names,
  values: [...Values],
): Named<Names[number], Values> {
  const byName: Record<string, unknown> = {};
  names.forEach((name, i) => (byName[name] = values[i]));
  for (const name of names) {
    // `values` is a method of arrays, too; an own property hides it.
    Object.defineProperty(values, name, { value: byName[name], enumerable: false });
  }
  return values as unknown as Named<Names[number], Values>;
}
