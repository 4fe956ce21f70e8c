/** A frontend with a debugger: what it asks on control, and the events that it hears. */
import { executeContent, type Client, type Received } from './client.js';

export interface Reply {
  success: boolean;
  message?: string;
  body: Record<string, unknown>;
  [other: string]: unknown;
}

export interface Variable {
  name: string;
  value: string;
  type?: string;
  evaluateName: string;
  variablesReference: number;
  indexedVariables?: number;
}

export interface Frame {
  id: number;
  name: string;
  line: number;
  column: number;
  source: { name: string; path: string };
}

export interface Stopped {
  reason: string;
  threadId: number;
  text?: string;
  hitBreakpointIds?: number[];
}

export class DebugClient {
  #seq = 0;
  /** Events that a test has waited for. */
  readonly #seen = new Set<Received>();

  constructor(readonly client: Client) {}

  async request(command: string, args: object = {}): Promise<Reply> {
    const content = { type: 'request', seq: ++this.#seq, command, arguments: args };
    const reply = await this.client.ask('debug_request', content, { channel: 'control' });
    return reply.content as Reply;
  }

  /** A request that must succeed; gives the body of its answer. */
  async ask<Body = Record<string, unknown>>(command: string, args: object = {}): Promise<Body> {
    const { success, message, body } = await this.request(command, args);
    if (!success) throw new Error(`${command} failed: ${message ?? 'without a word'}`);
    return body as Body;
  }

  async start(clientID = 'test-client'): Promise<void> {
    await this.ask('initialize', { clientID, linesStartAt1: true, columnsStartAt1: true });
    await this.ask('attach');
  }

  /** The next event of a kind. */
  async event(name: string): Promise<Record<string, unknown>> {
    const found = await this.client.until(
      `debug_event ${name}`,
      (message) =>
        message.type === 'debug_event' && message.content.event === name && !this.#seen.has(message),
    );
    // What came before it is over, too.
    for (const message of this.client.received) {
      this.#seen.add(message);
      if (message === found) break;
    }
    return found.content.body as Record<string, unknown>;
  }

  async stopped(): Promise<Stopped> {
    return (await this.event('stopped')) as unknown as Stopped;
  }

  /** Sets breakpoints in the text of a cell. */
  async breakAt(code: string, ...lines: (number | object)[]): Promise<string> {
    const { sourcePath } = await this.ask<{ sourcePath: string }>('dumpCell', { code });
    await this.breakIn(sourcePath, ...lines);
    return sourcePath;
  }

  async breakIn(path: string, ...lines: (number | object)[]): Promise<{ line: number; verified: boolean }[]> {
    const breakpoints = lines.map((line) => (typeof line === 'number' ? { line } : line));
    const args = { source: { path }, breakpoints, sourceModified: false };
    const body = await this.ask<{ breakpoints: { line: number; verified: boolean }[] }>(
      'setBreakpoints',
      args,
    );
    return body.breakpoints;
  }

  /** Starts a cell; its end is `client.finish(id)`. */
  run(code: string): string {
    return this.client.send('execute_request', executeContent(code));
  }

  async frames(): Promise<Frame[]> {
    return (await this.ask<{ stackFrames: Frame[] }>('stackTrace', { threadId: 1 })).stackFrames;
  }

  /** Where it stands: `f:2`. */
  async place(): Promise<string> {
    const [top] = await this.frames();
    return `${top.name}:${top.line}`;
  }

  async scope(frameId: number, name: string): Promise<Variable[]> {
    const { scopes } = await this.ask<{ scopes: { name: string; variablesReference: number }[] }>('scopes', {
      frameId,
    });
    const scope = scopes.find((each) => each.name === name);
    return scope ? this.variables(scope.variablesReference) : [];
  }

  async variables(variablesReference: number, page: object = {}): Promise<Variable[]> {
    return (await this.ask<{ variables: Variable[] }>('variables', { variablesReference, ...page }))
      .variables;
  }

  /** Names and values of a scope of the innermost frame. */
  async values(name: string): Promise<Record<string, string>> {
    const [top] = await this.frames();
    return valuesOf(await this.scope(top.id, name));
  }

  async goOn(): Promise<void> {
    await this.ask('continue', { threadId: 1 });
    await this.event('continued');
  }

  async evaluate(expression: string, frame = 0, context = 'repl'): Promise<string> {
    const { id } = (await this.frames())[frame];
    return (await this.ask<{ result: string }>('evaluate', { expression, frameId: id, context })).result;
  }

  async step(command: 'next' | 'stepIn' | 'stepOut' | 'continue'): Promise<string> {
    await this.ask(command, { threadId: 1 });
    await this.stopped();
    return this.place();
  }
}

export function valuesOf(variables: readonly Variable[]): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
