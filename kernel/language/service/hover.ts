/** The server's answers to hover and signatureHelp, taken apart. */
import type { Inspection } from './contract.js';
import { isObject } from './json.js';
import { isPlace, type Place } from './positions.js';

const FENCE = /^\s*```\w*\n([\s\S]*?)\n```\n?/;

/** The declaration is the first block of code, the rest documents it. */
export function fromHover(answer: unknown): Omit<Inspection, 'path'> | null {
  if (!isObject(answer)) return null;
  const text = markdown(answer.contents);
  const fence = FENCE.exec(text);
  if (!fence) return text === '' ? null : { signature: '', documentation: text };
  const signature = fence[1]
    // Every name of another cell is an alias in the program, which is nobody's concern.
    .replace(/^\(alias\) /, '')
    // Where a tensor's typed methods are declared.
    .replace(/\bTypedMethods</g, 'Tensor<')
    .replace(/\nimport [\p{ID_Continue}$]+$/u, '');
  const documentation = tidy(text.slice(fence[0].length));
  // So it calls a name that does not exist.
  return signature === 'any' && documentation === '' ? null : { signature, documentation };
}

export function fromSignatureHelp(answer: unknown): Omit<Inspection, 'path'> | null {
  if (!isObject(answer) || !Array.isArray(answer.signatures)) return null;
  const signatures = answer.signatures.filter(isObject);
  const active = signatures.at(Number(answer.activeSignature ?? 0)) ?? signatures.at(0);
  if (!active) return null;
  const others = signatures.filter((each) => each !== active);
  const parameters = Array.isArray(active.parameters) ? active.parameters.filter(isObject) : [];
  const index = Number(active.activeParameter ?? answer.activeParameter ?? -1);
  const parameter = index < 0 ? undefined : parameters.at(index);
  const name = parameter && parameterName(parameter.label, String(active.label));
  const about = parameter ? markdown(parameter.documentation) : '';
  const documentation = [
    markdown(active.documentation),
    name !== undefined && about !== '' ? `**${name}**: ${about}` : '',
  ];
  return {
    signature: [active, ...others].map(({ label }) => String(label)).join('\n'),
    documentation: tidy(documentation.filter((each) => each !== '').join('\n\n')),
  };
}

/** The document and the position of what a name means, as the server asks for them; null: it is nowhere. */
export function placeOf(answer: unknown): { textDocument: { uri: string }; position: Place } | null {
  const found: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (!isObject(found) || typeof found.uri !== 'string' || !isObject(found.range)) return null;
  const { start } = found.range;
  return isPlace(start) ? { textDocument: { uri: found.uri }, position: start } : null;
}

function parameterName(label: unknown, signature: string): string | undefined {
  const text = Array.isArray(label) ? signature.slice(Number(label[0]), Number(label[1])) : label;
  return typeof text === 'string' ? text.split(/[?:]/)[0] : undefined;
}

function markdown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(markdown).join('\n\n');
  return isObject(value) && typeof value.value === 'string' ? value.value : '';
}

/** Without the places of files that a `@link` leads to, which mean nothing in a notebook. */
function tidy(text: string): string {
  return text
    .replace(/\[((?:[^[\]\n]|\[[^\]\n]*\])+)\]\(file:[^)\s]*\)/g, '$1')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
