/** The call stack and the scopes of its frames, in terms of what a person wrote. */
import { LOCALS_FUNCTION } from '../language/cell.js';
import type { DebugTarget } from '../session/session.js';
import { ask, GROUP, HOOKS, send, type CallFrame, type Property } from './cdp.js';
import type { Scope, StackFrame, Variable } from './dap.js';
import type { Place, Script, Scripts } from './scripts.js';
import { asNamed, type Named, type Variables } from './variables.js';

/** A frame that a person sees. */
export interface Frame {
  readonly id: number;
  readonly call: CallFrame;
  readonly script: Script | null;
  readonly place: Place;
  readonly shown: StackFrame;
}

/** Names that the compiler made. */
const MADE = /^\$(cell|m\b|m_)|\$const$/;

export class Frames {
  #frames: Frame[] = [];
  /** By all numbers that they have had. */
  readonly #numbered = new Map<number, Frame>();
  #last = 0;
  #areLocalsKept = false;

  constructor(
    private readonly target: DebugTarget,
    private readonly scripts: Scripts,
    private readonly variables: Variables,
  ) {}

  get all(): readonly Frame[] {
    return this.#frames;
  }

  get(id: number): Frame | undefined {
    return this.#numbered.get(id);
  }

  clear(): void {
    this.#frames = [];
    this.#numbered.clear();
    this.#areLocalsKept = false;
  }

  /** Takes the stack of a pause. */
  async take(calls: readonly CallFrame[]): Promise<void> {
    this.clear();
    for (const call of calls) {
      const frame = await this.#frame(call);
      if (frame) this.#frames.push(frame);
    }
    for (const frame of this.#frames) this.#numbered.set(frame.id, frame);
  }

  /**
   * Variables may have changed: all read them anew. JupyterLab does so for a frame with another number only, and shows none after
   * it has evaluated something.
   */
  changed(isRenumbered: boolean): void {
    this.#areLocalsKept = false;
    if (!isRenumbered) return;
    this.#frames = this.#frames.map((frame) => {
      const id = ++this.#last;
      return { ...frame, id, shown: { ...frame.shown, id } };
    });
    for (const frame of this.#frames) this.#numbered.set(frame.id, frame);
  }

  async #frame(call: CallFrame): Promise<Frame | null> {
    const { scriptId } = call.location;
    const origin = this.scripts.originOf(scriptId);
    if (origin === 'hidden') return null;
    const script = await this.scripts.load(scriptId);
    const place = script
      ? this.scripts.placeOf(script, call.location)
      : { line: call.location.lineNumber + 1, column: (call.location.columnNumber ?? 0) + 1 };
    if (!place) return null;
    const id = ++this.#last;
    const path = script?.path ?? this.scripts.fileOf(scriptId) ?? '';
    const name = nameOf(call, script);
    const shown: StackFrame = {
      id,
      name,
      source: { name: script?.title ?? path.replace(/^.*[\\/]/, ''), path },
      ...place,
      ...(origin === 'package' && { presentationHint: 'subtle' }),
    };
    return { id, call, script, place, shown };
  }

  scopes(frame: Frame): Scope[] {
    const locals = this.variables.reference(() => this.#locals(frame));
    const globals = this.variables.reference(() => this.globals());
    const scopes: Scope[] = [
      { name: 'Locals', presentationHint: 'locals', variablesReference: locals, expensive: false },
    ];
    if (closures(frame).length > 0) {
      const closure = this.variables.reference(() => this.#closure(frame));
      scopes.push({ name: 'Closure', variablesReference: closure, expensive: false });
    }
    return [...scopes, { name: 'Globals', variablesReference: globals, expensive: false }];
  }

  /** What cells have declared. */
  async globals(only?: readonly string[]): Promise<Variable[]> {
    return this.variables.describe(await this.#globalNames(only));
  }

  async #globalNames(only?: readonly string[]): Promise<Named[]> {
    await this.#keepLocals();
    const known = (await ask(this.target, `${HOOKS}.cellNames()`)) as string[];
    const names = only ? known.filter((name) => only.includes(name)) : known;
    if (names.length === 0) return [];
    const entries = names.map((name) => `${JSON.stringify(name)}: ${name}`).join(', ');
    const { result } = await send(this.target, 'Runtime.evaluate', {
      expression: `({ __proto__: null, ${entries} })`,
      objectGroup: GROUP,
      silent: true,
      disableBreaks: true,
    });
    return (await this.#propertiesOf(result.objectId)).map(asVariable);
  }

  /** A cell that stands still holds some of its names itself: all others shall see them as they are now. */
  async #keepLocals(): Promise<void> {
    if (this.#areLocalsKept) return;
    this.#areLocalsKept = true;
    for (const { call, script } of this.#frames) {
      if (script?.keep == null || !call.functionName.startsWith(LOCALS_FUNCTION)) continue;
      const params = { callFrameId: call.callFrameId, expression: script.keep, silent: true };
      await send(this.target, 'Debugger.evaluateOnCallFrame', params);
    }
  }

  async #locals(frame: Frame): Promise<Variable[]> {
    const { call, script } = frame;
    const found = new Map<string, Named>();
    for (const scope of innerScopes(frame)) await this.#collect(scope.object.objectId, found);
    const { this: self, returnValue } = call;
    if (script?.isCell && isBody(call, script))
      for (const each of await this.#globalNames(script.declares))
        if (!found.has(each.name)) found.set(each.name, each);
    const special: Named[] = [];
    if (returnValue) special.push({ name: '(return value)', value: returnValue, evaluateName: '' });
    if (self.type !== 'undefined' && self.className !== 'global')
      special.push({ name: 'this', value: self, evaluateName: 'this' });
    return this.variables.describe([...found.values(), ...special]);
  }

  async #closure(frame: Frame): Promise<Variable[]> {
    const found = new Map<string, Named>();
    for (const scope of closures(frame)) await this.#collect(scope.object.objectId, found);
    return this.variables.describe([...found.values()]);
  }

  async #collect(objectId: string | undefined, into: Map<string, Named>): Promise<void> {
    for (const property of await this.#propertiesOf(objectId)) {
      if (MADE.test(property.name) || property.name === 'arguments') continue;
      const named = asVariable(property);
      // The innermost of a name hides the others.
      if (!into.has(named.name)) into.set(named.name, named);
    }
  }

  async #propertiesOf(objectId: string | undefined): Promise<Property[]> {
    if (objectId === undefined) return [];
    const params = { objectId, ownProperties: true, generatePreview: true };
    const { result } = await send(this.target, 'Runtime.getProperties', params);
    return result;
  }
}

/** The function that a cell or a module has become, not one that the person wrote in it. */
function isBody({ functionLocation }: CallFrame, script: Script | null): boolean {
  if (!script || functionLocation?.lineNumber !== 0) return false;
  return (functionLocation.columnNumber ?? 0) < '(function*  '.length + LOCALS_FUNCTION.length;
}

function nameOf(call: CallFrame, script: Script | null): string {
  if (script && isBody(call, script)) return script.title;
  return call.functionName.replace(/\$cell$/, '') || '(anonymous)';
}

type ScopeOf = CallFrame['scopeChain'][number];
const OUTER = ['closure', 'module', 'script', 'global'];

function innerScopes({ call }: Frame): ScopeOf[] {
  const end = call.scopeChain.findIndex(({ type }) => OUTER.includes(type));
  return call.scopeChain.slice(0, end === -1 ? undefined : end);
}

function closures({ call }: Frame): ScopeOf[] {
  return call.scopeChain.filter(({ type }) => type === 'closure' || type === 'module');
}

function asVariable(property: Property): Named {
  const name = property.name.replace(/\$(cell|made)$/, '');
  return { ...asNamed(property), name, evaluateName: name };
}
