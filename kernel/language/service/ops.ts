/**
 * Ops of the library in hovers. A method of tensors that is made from the type of its op shows no documentation there, nor does
 * `x.exp_`: it is that of the function of the same name. A function that is an op shows the name of its type; how it is called says more.
 */
const MEMBER = /^\((?:property|method)\) (?:[^(:]*\.)?([\p{ID_Start}$_][\p{ID_Continue}$]*)[(:<]/u;
const OPAQUE = /^const [\p{ID_Continue}$]+: \w*(?:Op|Function)\b/u;

/** The name of the function that documents a hover without text, if the library has one; null: it is no tensor's method. */
export function opBehind(signature: string): string | null {
  const name = /\bTensor\b/.test(signature) ? MEMBER.exec(signature)?.[1] : undefined;
  return name === undefined ? null : name.replace(/_$/, '');
}

export function isOpaque(signature: string): boolean {
  return OPAQUE.test(signature);
}
