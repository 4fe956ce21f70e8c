/**
 * Ops of the library in hovers. A method of tensors that is made from the type of its op shows no documentation there, nor does
 * `x.exp_`, whose documentation is that of `x.exp`. A function that is an op shows the name of its type; how it is called says more.
 */
const MEMBER = /^\((?:property|method)\) (?:[^(:]*\.)?([\p{ID_Start}$_][\p{ID_Continue}$]*)[?(:<]/u;
const OPAQUE = /^const [\p{ID_Continue}$]+: \w*(?:Op|Function)\b/u;

/** The name of a member, which may say more where it is declared than its hover does; null: it is none. */
export function memberName(signature: string): string | null {
  return MEMBER.exec(signature)?.[1] ?? null;
}

/** The op that `exp_` does in place; null: the name is no such twin's. */
export function withoutTwin(name: string): string | null {
  return /[^_]_$/.test(name) ? name.slice(0, -1) : null;
}

export function isOpaque(signature: string): boolean {
  return OPAQUE.test(signature);
}
