/**
 * Looks at the values of cells for completion and inspection, without running any of their code: through the inspector,
 * from the watchdog thread, so that it also works while a cell runs.
 */
import type inspector from 'node:inspector';
import type { LookAnswer } from './frames.js';

type Kind = 'function' | 'class' | 'property' | 'variable';
type RemoteObject = inspector.Runtime.RemoteObject;
type Property = inspector.Runtime.PropertyDescriptor;

/** The protocol has it; Node's types only know it elsewhere. */
interface SafeEvaluate extends inspector.Runtime.EvaluateParameterType {
  throwOnSideEffect: boolean;
}

const GROUP = 'nabla.look';
/** Longer texts and functions are cut. */
const LONGEST_SOURCE = 10_000;
const MOST_ELEMENTS = 20;

/**
 * The value at the end of a path of names. With a `prefix` the names that it has and that begin so, else what it is: the
 * inspector stops what runs meanwhile, so nobody asks for both. (Names in scope: `scope-names.ts`.)
 */
export async function look(
  session: inspector.Session,
  path: readonly string[],
  prefix: string | null,
): Promise<LookAnswer | null> {
  const matching = (members: LookAnswer['members']): LookAnswer['members'] =>
    members.filter(({ name }) => name.startsWith(prefix ?? ''));
  try {
    const value = await walk(session, path, prefix === null);
    if (!value) return null;
    const callable = value.type === 'function';
    if (prefix !== null) return { members: matching(await membersOf(session, value)), data: {}, callable };
    const summary = await summaryOf(session, value);
    const written = callable ? await writtenSource(session, value) : null;
    const text =
      written !== null
        ? `${nameOf(path)}: function\n\n${shortened(written)}`
        : summary === null
          ? describe(path, value)
          : `${nameOf(path)}: ${summary}`;
    return { members: [], data: { 'text/plain': text }, callable };
  } finally {
    session.post('Runtime.releaseObjectGroup', { objectGroup: GROUP });
  }
}

async function walk(
  session: inspector.Session,
  path: readonly string[],
  isShown: boolean,
): Promise<RemoteObject | null> {
  let value: RemoteObject | null = null;
  for (const [index, name] of path.entries()) {
    if (index === 0) {
      value = await namedValue(session, name);
      continue;
    }
    if (!value) return null;
    const object = value.objectId === undefined ? await prototypeOf(session, value) : value;
    const isPreviewed = isShown && index === path.length - 1;
    value = object
      ? ((await propertiesOf(session, object, isPreviewed)).find((it) => it.name === name)?.value ?? null)
      : null;
  }
  return value;
}

/** A variable of the script scope, or a plain property of the global object: neither runs code when it is read. */
async function namedValue(session: inspector.Session, name: string): Promise<RemoteObject | null> {
  if ((await lexicalNames(session)).includes(name)) return evaluate(session, name);
  const global = await evaluate(session, 'globalThis');
  if (!global) return null;
  const property = (await propertiesOf(session, global)).find((it) => it.name === name);
  // Now with its preview.
  if (property?.value) return (await evaluate(session, name)) ?? property.value;
  // Accessors of Node itself (`crypto`, `fetch`) are safe, those of a person are not.
  return property?.get?.description?.includes('[native code]') ? evaluate(session, name) : null;
}

/** Own and inherited names; those of `Object.prototype` last, as they are rarely meant. */
async function membersOf(session: inspector.Session, value: RemoteObject): Promise<LookAnswer['members']> {
  const object = value.objectId === undefined ? await prototypeOf(session, value) : value;
  // A proxy would be asked for its keys, and that is code.
  if (!object || object.subtype === 'proxy') return [];
  return unique((await propertiesOf(session, object)).map(member)).filter(
    ({ name }) => !name.startsWith('__'),
  );
}

/** The object that holds the methods of a primitive. */
async function prototypeOf(session: inspector.Session, value: RemoteObject): Promise<RemoteObject | null> {
  const constructors: Partial<Record<string, string>> = {
    string: 'String',
    number: 'Number',
    boolean: 'Boolean',
    bigint: 'BigInt',
    symbol: 'Symbol',
  };
  const name = constructors[value.type];
  return name === undefined ? null : evaluate(session, `${name}.prototype`);
}

function member({ name, value }: Property): { name: string; kind: Kind } {
  if (value?.type !== 'function') return { name, kind: 'property' };
  return { name, kind: value.description?.startsWith('class') ? 'class' : 'function' };
}

function unique<T extends { name: string }>(members: readonly T[]): T[] {
  return [...new Map([...members].reverse().map((it) => [it.name, it])).values()].reverse();
}

function describe(path: readonly string[], value: RemoteObject): string {
  const name = nameOf(path);
  const text = value.description ?? value.unserializableValue ?? String(value.value);
  if (value.type === 'function') return `${name}: function\n\n${shortened(text)}`;
  if (value.objectId === undefined) return `${name}: ${value.type}\n\n${literal(value, text)}`;
  const preview = value.preview ? previewText(value, value.preview) : '';
  return `${name}: ${value.className ?? value.type}\n\n${text}${preview}`;
}

/** The first elements of what has elements, the members of everything else. */
function previewText({ subtype }: RemoteObject, preview: inspector.Runtime.ObjectPreview): string {
  const shown = (it: { type: string; value?: string; description?: string }): string =>
    it.value === undefined || it.value === '' ? (it.description ?? it.type) : it.value;
  const list = (parts: readonly string[], hasMore: boolean): string =>
    [...parts.slice(0, MOST_ELEMENTS), ...(hasMore || parts.length > MOST_ELEMENTS ? ['…'] : [])].join(', ');
  const { properties, entries, overflow } = preview;
  if (entries && entries.length > 0) {
    const parts = entries.map(({ key, value }) => (key ? `${shown(key)} → ` : '') + shown(value));
    return ` { ${list(parts, overflow)} }`;
  }
  if (properties.length === 0) return '';
  if (subtype === 'array' || subtype === 'typedarray') return ` [${list(properties.map(shown), overflow)}]`;
  return ` { ${list(
    properties.map((it) => `${it.name}: ${shown(it)}`),
    overflow,
  )} }`;
}

function nameOf(path: readonly string[]): string {
  return path.join('.').replace(/\$cell\b/, '');
}

/** What our own code says of a tensor; null for anything else. */
function summaryOf(session: inspector.Session, value: RemoteObject): Promise<string | null> {
  if (value.type !== 'object' || value.subtype !== undefined) return Promise.resolve(null);
  return told(session, value, `globalThis[Symbol.for('nabla.summary')]?.(this)`);
}

/** A function of a cell or of a local module in the person's own words; null for any other. */
async function writtenSource(session: inspector.Session, value: RemoteObject): Promise<string | null> {
  const { objectId } = value;
  if (objectId === undefined) return null;
  const location = await new Promise<unknown>((resolve) =>
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (error, answer) => {
      const internal = error === null ? (answer.internalProperties ?? []) : [];
      resolve(internal.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value);
    }),
  );
  if (typeof location !== 'object' || location === null) return null;
  if (!('lineNumber' in location && 'columnNumber' in location)) return null;
  const { lineNumber, columnNumber } = location;
  const place = `${Number(lineNumber)}, ${Number(columnNumber)}`;
  return told(session, value, `globalThis[Symbol.for('nabla.source')]?.(this, ${place})`);
}

/** The text that an expression of our own gives, in which `this` is the value. */
function told(
  session: inspector.Session,
  { objectId }: RemoteObject,
  expression: string,
): Promise<string | null> {
  if (objectId === undefined) return Promise.resolve(null);
  const functionDeclaration = `function () { return ${expression}; }`;
  return new Promise((resolve) =>
    session.post(
      'Runtime.callFunctionOn',
      { objectId, functionDeclaration, silent: true, returnByValue: true },
      (error, answer) => {
        const text: unknown = error === null && !answer.exceptionDetails ? answer.result.value : null;
        resolve(typeof text === 'string' ? text : null);
      },
    ),
  );
}

function shortened(text: string): string {
  return text.length > LONGEST_SOURCE ? `${text.slice(0, LONGEST_SOURCE)}…` : text;
}

function literal(value: RemoteObject, text: string): string {
  return value.type === 'string' ? JSON.stringify(value.value).slice(0, LONGEST_SOURCE) : text;
}

function evaluate(session: inspector.Session, expression: string): Promise<RemoteObject | null> {
  const options: SafeEvaluate = {
    expression,
    objectGroup: GROUP,
    silent: true,
    throwOnSideEffect: true,
    generatePreview: true,
  };
  return new Promise((resolve) =>
    session.post('Runtime.evaluate', options, (error, answer) =>
      resolve(error !== null || answer.exceptionDetails ? null : answer.result),
    ),
  );
}

/** Previews of all that an object holds are most of the work. */
function propertiesOf(
  session: inspector.Session,
  { objectId, subtype }: RemoteObject,
  generatePreview = false,
): Promise<Property[]> {
  if (objectId === undefined || subtype === 'proxy') return Promise.resolve([]);
  return new Promise((resolve) =>
    session.post('Runtime.getProperties', { objectId, generatePreview }, (error, answer) =>
      resolve(error === null ? answer.result.filter(({ symbol }) => !symbol) : []),
    ),
  );
}

function lexicalNames(session: inspector.Session): Promise<string[]> {
  return new Promise((resolve) =>
    session.post('Runtime.globalLexicalScopeNames', {}, (error, answer) =>
      resolve(error === null ? answer.names : []),
    ),
  );
}
