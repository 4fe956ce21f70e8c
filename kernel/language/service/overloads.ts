/**
 * The call of a layer has two signatures, its own and that of all modules, and TypeScript tells what is wrong with the last one only,
 * which says nothing of shapes. Its method `forward` has one, so that one is asked about.
 */
import { openCall } from '../brackets.js';
import type { Diagnostic } from './contract.js';
import { isShapeMessage } from './warnings.js';

const NO_OVERLOAD = 2769;
const METHOD = '.forward';

/** @param ask the errors of another text */
export async function explained(
  errors: readonly Diagnostic[],
  code: string,
  ask: (code: string) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> {
  const told: Diagnostic[] = [];
  for (const error of errors) told.push((await aboutShape(error, code, ask)) ?? error);
  return told;
}

async function aboutShape(
  error: Diagnostic,
  code: string,
  ask: (code: string) => Promise<readonly Diagnostic[]>,
): Promise<Diagnostic | null> {
  if (error.code !== NO_OVERLOAD || !error.message.includes('Tensor<')) return null;
  const call = openCall(code.slice(0, error.start));
  if (call < 0) return null;
  const found = await ask(code.slice(0, call) + METHOD + code.slice(call));
  const shift = METHOD.length;
  const same = found.find(({ start, message }) => start === error.start + shift && isShapeMessage(message));
  return same ? { ...same, start: same.start - shift, end: same.end - shift } : null;
}
