/**
 * Variables and what is in them, by the numbers under which a frontend asks for more. Reading runs no code of the
 * person's: no getter, no trap of a proxy. What is long comes in parts.
 */
import type { DebugTarget } from '../session/session.js';
import { GROUP, HOOKS, send, type Property, type RemoteObject } from './cdp.js';
import type { Variable } from './dap.js';
import { sizeOf, typeName, valueText, type Naming } from './values.js';

/** A list of variables is asked for with each output of a cell, so big tensors are not read whole for it. */
const FEW = 20_000;
const MANY = 1_000_000;

/** So many elements are shown at once; more of them come in ranges. */
const PAGE = 100;

/** A variable before it is put in words. */
export interface Named {
  readonly name: string;
  /** Undefined for a getter, which is not called. */
  readonly value: RemoteObject | undefined;
  readonly evaluateName: string;
}

export interface Page {
  readonly start?: number;
  readonly count?: number;
  readonly filter?: string;
}

type Children = (page: Page) => Promise<Variable[]>;

export class Variables {
  #last = 0;
  readonly #children = new Map<number, Children>();
  naming: Naming = 'typescript';

  constructor(private readonly target: DebugTarget) {}

  /** The numbers mean nothing any more: the program goes on. */
  clear(): void {
    this.#children.clear();
  }

  /** A number under which `children` are asked for. */
  reference(children: Children): number {
    this.#children.set(++this.#last, children);
    return this.#last;
  }

  /** Undefined for a number that was never given, or no longer means anything. */
  get(reference: number, page: Page): Promise<Variable[]> | undefined {
    // What is empty is expanded all the same (functions, by JupyterLab).
    if (reference === 0) return Promise.resolve([]);
    return this.#children.get(reference)?.(page);
  }

  /** Puts variables in words, the tensors among them with one question. */
  async describe(named: readonly Named[]): Promise<Variable[]> {
    const summaries = await this.#summaries(named.map(({ value }) => value));
    return named.map((each, index) => this.#variable(each, summaries[index]));
  }

  async describeOne(value: RemoteObject, evaluateName = ''): Promise<Variable> {
    const [variable] = await this.describe([{ name: '', value, evaluateName }]);
    return variable;
  }

  #variable({ name, value, evaluateName }: Named, summary: string | null): Variable {
    if (!value) return { name, value: '(…)', type: 'getter', evaluateName, variablesReference: 0 };
    const type = typeName(value, this.naming, summary);
    const { objectId } = value;
    const hasChildren = objectId !== undefined && value.type !== 'symbol';
    const size = sizeOf(value);
    return {
      name,
      value: valueText(value, summary),
      ...(type !== undefined && { type }),
      evaluateName,
      variablesReference: hasChildren
        ? this.reference((page) => this.#childrenOf(value, evaluateName, summary !== null, page))
        : 0,
      ...(size > 0 && { indexedVariables: size }),
    };
  }

  async #summaries(values: readonly (RemoteObject | undefined)[], most = FEW): Promise<(string | null)[]> {
    const asked = values.map((value) =>
      value?.type === 'object' && value.subtype === undefined && value.objectId !== undefined
        ? { objectId: value.objectId }
        : {},
    );
    const object = asked.find((each) => 'objectId' in each);
    if (!object) return values.map(() => null);
    const { result } = await send(this.target, 'Runtime.callFunctionOn', {
      ...object,
      functionDeclaration: `function (most, ...values) { return ${HOOKS}.summaries(most, ...values); }`,
      arguments: [{ value: most }, ...asked],
      returnByValue: true,
      silent: true,
    });
    const answer: unknown = result.value;
    return Array.isArray(answer) ? (answer as (string | null)[]) : values.map(() => null);
  }

  async #childrenOf(
    value: RemoteObject,
    evaluateName: string,
    isTensor: boolean,
    page: Page,
  ): Promise<Variable[]> {
    const size = sizeOf(value);
    const wantsSome = page.start !== undefined || (page.count ?? 0) > 0;
    if (size > 0 && page.filter !== 'named' && (wantsSome || page.filter === 'indexed')) {
      const start = page.start ?? 0;
      return this.#elements(value, evaluateName, start, (page.count ?? 0) || size - start);
    }
    const elements =
      size === 0 || page.filter === 'named'
        ? []
        : size <= PAGE
          ? await this.#elements(value, evaluateName, 0, size)
          : this.#ranges(value, evaluateName, 0, size);
    const [whole = null] = isTensor ? await this.#summaries([value], MANY) : [];
    const facts = whole === null ? [] : factsOf(whole);
    const told = new Set(facts.map(({ name }) => name));
    const properties = await this.#properties(value, evaluateName, size > 0);
    return [...facts, ...elements, ...properties.filter(({ name }) => !told.has(name))];
  }

  /** `[100 … 199]` and so on, and ranges of ranges where there are many. */
  #ranges(value: RemoteObject, evaluateName: string, from: number, to: number): Variable[] {
    let step = PAGE;
    while ((to - from) / step > PAGE) step *= PAGE;
    const ranges: Variable[] = [];
    for (let start = from; start < to; start += step) {
      const end = Math.min(start + step, to);
      const children: Children = async () =>
        step === PAGE
          ? this.#elements(value, evaluateName, start, end - start)
          : this.#ranges(value, evaluateName, start, end);
      const name = `[${start} … ${end - 1}]`;
      const variablesReference = this.reference(children);
      ranges.push({ name, value: '', type: '', evaluateName: '', variablesReference });
    }
    return ranges;
  }

  async #elements(
    value: RemoteObject,
    evaluateName: string,
    start: number,
    count: number,
  ): Promise<Variable[]> {
    const isMap = value.subtype === 'map';
    const isList = !isMap && value.subtype !== 'set';
    const call = isList ? 'elements' : 'entries';
    const { result } = await send(this.target, 'Runtime.callFunctionOn', {
      objectId: value.objectId,
      functionDeclaration: `function (start, count) { return ${HOOKS}.${call}(this, start, count); }`,
      arguments: [{ value: start }, { value: count }],
      objectGroup: GROUP,
      silent: true,
    });
    const found = (await this.#ownProperties(result)).filter(({ name }) => /^\d+$/.test(name));
    if (!isMap) {
      const named = found.map(({ name, value: item }): Named => {
        const index = isList ? name : String(start + Number(name));
        return { name: index, value: item, evaluateName: isList ? member(evaluateName, index) : '' };
      });
      return this.describe(named);
    }
    const keys = await this.describe(found.filter((_, index) => index % 2 === 0).map(asNamed));
    const values = found.filter((_, index) => index % 2 === 1).map(asNamed);
    const entries = values.map((each, index) => ({ ...each, name: keys[index]?.value ?? each.name }));
    return this.describe(entries);
  }

  async #properties(value: RemoteObject, evaluateName: string, hasElements: boolean): Promise<Variable[]> {
    const { objectId } = value;
    const answer = await send(this.target, 'Runtime.getProperties', {
      objectId,
      ownProperties: true,
      generatePreview: true,
      // There may be millions of the others.
      nonIndexedPropertiesOnly: hasElements,
    });
    const isError = value.subtype === 'error';
    const own = answer.result
      .filter(
        ({ name, enumerable, symbol }) =>
          enumerable || isError || (symbol && !name.startsWith('Symbol(Symbol.')),
      )
      .filter(({ name }) => name !== '__proto__' && !(hasElements && /^\d+$/.test(name)))
      .map((property) => ({
        ...asNamed(property),
        evaluateName: property.symbol ? '' : member(evaluateName, property.name),
      }));
    const hidden = (answer.privateProperties ?? []).map((property) => ({
      name: property.name,
      value: property.value,
      evaluateName: '',
    }));
    const internal = (answer.internalProperties ?? [])
      .filter(({ name }) => isTold(name, value))
      .map((property) => ({ name: property.name, value: property.value, evaluateName: '' }));
    return this.describe([...own, ...hidden, ...internal]);
  }

  async #ownProperties({ objectId }: RemoteObject): Promise<Property[]> {
    if (objectId === undefined) return [];
    const params = { objectId, ownProperties: true, generatePreview: true };
    return (await send(this.target, 'Runtime.getProperties', params)).result;
  }
}

export function asNamed({ name, value, get }: Property): Named {
  // A constant before its declaration has neither.
  return { name, value: value ?? (get ? undefined : { type: 'undefined' }), evaluateName: '' };
}

/** Prototypes of objects that everybody knows, and what belongs to the engine, are left out. */
function isTold(name: string, { className, subtype, type }: RemoteObject): boolean {
  if (name !== '[[Prototype]]')
    return !/^\[\[(Scopes|FunctionLocation|Entries|ArrayBufferData)\]\]$/.test(name);
  return type === 'object' && subtype === undefined && className !== 'Object';
}

/** How to write a member of what `of` stands for. */
function member(of: string, name: string): string {
  if (of === '') return '';
  if (/^\d+$/.test(name)) return `${of}[${name}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `${of}.${name}`
    : `${of}[${JSON.stringify(name)}]`;
}

/** The shape, type and statistics of a tensor as variables of it. */
function factsOf(summary: string): Variable[] {
  const [head, statistics = '', values = ''] = summary.split('\n');
  const [, shape = head, dtype = ''] = /^shape (\[[^\]]*\]), (\w+)/.exec(head) ?? [];
  const facts: [string, string][] = [
    ['shape', shape],
    ['dtype', dtype],
    ['statistics', statistics],
    ['values', values.replace(/^values /, '')],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value, evaluateName: '', variablesReference: 0 }));
}
