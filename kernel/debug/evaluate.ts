/** Evaluates what a person types: in a frame that stands still, or at the top level as a cell would. */
import { frameExpression } from '../language/frame-expression.js';
import type { DebugTarget } from '../session/session.js';
import { GROUP, HOOKS, PATIENCE_MS, send, type Evaluation, type RemoteObject } from './cdp.js';
import { RequestFailed } from './dap.js';
import type { Frame } from './frames.js';

const COMMON = {
  objectGroup: GROUP,
  silent: true,
  generatePreview: true,
  // It cannot be interrupted, so it ends by itself.
  timeout: PATIENCE_MS,
};

/** What takes longer to draw itself is not drawn; its own limit is a little shorter. */
const DRAWN_MS = 2500;

export interface Rich {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

export class Evaluator {
  constructor(private readonly target: DebugTarget) {}

  async inFrame(frame: Frame, text: string, options: { isHover?: boolean } = {}): Promise<RemoteObject> {
    const params = { throwOnSideEffect: options.isHover === true };
    return this.#onFrame(frame, await this.#expression(frame, text), params);
  }

  /** Where nothing stands still, as a cell that is not shown. It runs in the midst of what runs. */
  async atTopLevel(text: string): Promise<RemoteObject> {
    return settled(await this.#run(this.#cell(text), {}));
  }

  /** The value as a cell's result would be shown. */
  async rich(frame: Frame | undefined, text: string): Promise<Rich> {
    const inFrame = frame && (await this.#richInFrame(frame, text).catch(() => null));
    // The program may have gone on just now, or the name is none of the frame's.
    const value = inFrame ?? (await this.#richAtTopLevel(text));
    const rich: unknown = value?.value;
    return isRich(rich) ? rich : { data: {}, metadata: {} };
  }

  async #richInFrame(frame: Frame, text: string): Promise<RemoteObject> {
    const value = await this.#expression(frame, text);
    return this.#onFrame(frame, `${HOOKS}.richNow(${value})`, { returnByValue: true });
  }

  /** A promise is waited for, but not for long: the program may stand still meanwhile, and it could not go on before this has an answer. */
  async #richAtTopLevel(text: string): Promise<RemoteObject | null> {
    const expression = `${HOOKS}.rich(${this.#cell(text)})`;
    const now = settled(await this.#run(expression, { returnByValue: true }));
    if (isRich(now.value)) return now;
    const later = this.#run(expression, { returnByValue: true, awaitPromise: true });
    // Nobody may be left to hear of it.
    later.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, DRAWN_MS, null);
    });
    const evaluation = await Promise.race([later, late]);
    clearTimeout(timer);
    return evaluation && settled(evaluation);
  }

  /** Gives a variable of the cells the value that `text` has in a frame. */
  async define(frame: Frame, name: string, text: string): Promise<RemoteObject> {
    const [variable = name] = this.target.compile(`let ${name};`).declares;
    const value = await this.#expression(frame, text);
    return this.#onFrame(frame, `${HOOKS}.define(${JSON.stringify(variable)}, ${value})`, {});
  }

  async assign(frame: Frame, name: string, text: string): Promise<RemoteObject> {
    const value = await this.#expression(frame, text);
    const [variable] = [await this.#expression(frame, name)];
    return this.#onFrame(frame, `${variable.slice(1, -1)} = ${value}`, {});
  }

  /** Names of the frame's own are not those of the script scope. */
  async #expression(frame: Frame, text: string): Promise<string> {
    const own = new Set<string>();
    for (const { type, object } of frame.call.scopeChain) {
      if (type === 'script' || type === 'global' || object.objectId === undefined) continue;
      const { result } = await send(this.target, 'Runtime.getProperties', {
        objectId: object.objectId,
        ownProperties: true,
      });
      for (const { name } of result) own.add(name);
    }
    return frameExpression(text, (name) => {
      if (own.has(name)) return name;
      const made = `${name}$cell`;
      return own.has(made) ? made : this.target.scriptName(name);
    });
  }

  #cell(text: string): string {
    const { js, declares, suspends } = this.target.compile(text);
    if (suspends)
      throw new RequestFailed(
        'evaluate: a debugger cannot await; run this in a cell, or evaluate the promise',
      );
    return `${HOOKS}.run(${js}, ${JSON.stringify(declares)})`;
  }

  #run(expression: string, params: object): Promise<Evaluation> {
    return send(this.target, 'Runtime.evaluate', {
      ...COMMON,
      expression,
      disableBreaks: true,
      ...params,
    }).catch(inWords);
  }

  async #onFrame({ call }: Frame, expression: string, params: object): Promise<RemoteObject> {
    const { callFrameId } = call;
    return settled(
      await send(this.target, 'Debugger.evaluateOnCallFrame', {
        ...COMMON,
        callFrameId,
        expression,
        ...params,
      }).catch(inWords),
    );
  }
}

/** V8's error for what ran out of time. */
function inWords(error: unknown): never {
  if (error instanceof Error && error.message.includes('Execution was terminated'))
    throw new RequestFailed(`evaluate: it ran for more than ${PATIENCE_MS / 1000} s and was stopped`);
  throw error;
}

function settled({ result, exceptionDetails }: Evaluation): RemoteObject {
  if (!exceptionDetails) return result;
  const { exception, text } = exceptionDetails;
  const [headline] = (exception?.description ?? text).split('\n    at ');
  throw new RequestFailed(headline);
}

function isRich(value: unknown): value is Rich {
  return typeof value === 'object' && value !== null && 'data' in value && 'metadata' in value;
}
