/**
 * Widgets in the way of anywidget (https://anywidget.dev): a state that the cell and the page share, and an ECMAScript
 * module that draws it in the page. JupyterLab, Notebook and VS Code show them where `anywidget` is installed
 * (`pip install anywidget`); elsewhere a widget is its state in words.
 */
import { inspect } from 'node:util';
import { Comm, comms, hasCommHost, takeStates, type CommEvent, type CommOptions } from '../display/comms.js';
import { isPlainObject, pack, unpack } from './buffers.js';

export interface WidgetOptions<State extends object> {
  /**
   * The source of an ECMAScript module whose default export has `render({ model, el })`: it draws into `el`, reads
   * `model.get(name)`, writes `model.set(name, value); model.save_changes()`, listens by `model.on('change:name', …)`.
   */
  esm: string;
  /** Style sheet for the page. */
  css?: string;
  /** What both sides share. JSON, with binary values (typed arrays) anywhere in it. */
  state: State;
  /** What stands for the widget where it cannot be drawn; its state when missing. */
  text?: (state: State) => string;
}

/** A change of the state by the page: all names that came with it are set already. */
export interface WidgetChange<State extends object> {
  readonly names: readonly (keyof State & string)[];
  readonly state: Readonly<State>;
}

/** A custom message of the page: `model.send(content, callbacks, buffers)`. */
export interface WidgetMessage {
  readonly content: unknown;
  readonly buffers: readonly Uint8Array[];
}

type Listener<Argument> = (argument: Argument) => unknown;

const PROTOCOL = { version: '2.1.0' };
/** The target by which ipywidgets' frontends know widgets. */
const TARGET = 'jupyter.widget';

/** A state that is shared with its views in the page. */
export class Widget<State extends object> {
  readonly #comm: Comm | null;
  readonly #state: State;
  readonly #text: (state: State) => string;

  /** Use `widget({ … })`. */
  constructor({ esm, css = '', state, text }: WidgetOptions<State>) {
    if (typeof esm !== 'string' || esm.trim() === '')
      throw new TypeError(
        `widget: 'esm' must be the source of a module that exports { render }, got ${inspect(esm)}`,
      );
    for (const name of Object.keys(state))
      if (name.startsWith('_'))
        throw new TypeError(`widget: the state may not have a name that begins with '_', got '${name}'`);
    this.#state = { ...state };
    this.#text = text ?? ((current) => `widget(${inspect(current, { depth: 2, maxArrayLength: 8 })})`);
    // A script has nobody to show it to: there it is a state like any other.
    this.#comm = hasCommHost() ? this.#connect({ ...describe(esm, css), ...this.#state }) : null;
  }

  /** Identifies the widget in the page. */
  get id(): string | null {
    return this.#comm?.id ?? null;
  }

  /** The value of a name as it is now: also in the midst of a loop that never awaits. */
  get<Name extends keyof State>(name: Name): State[Name] {
    takeStates();
    return this.#state[name];
  }

  /** Sets one value, or several at once, and shows them in the page at once. */
  set<Name extends keyof State>(name: Name, value: State[Name]): this;
  set(values: Partial<State>): this;
  set<Name extends keyof State>(what: Name | Partial<State>, value?: State[Name]): this {
    const values: Partial<State> = {};
    if (typeof what === 'object') Object.assign(values, what);
    else if (value !== undefined) values[what] = value;
    // What the page sent before this is older than it.
    takeStates();
    Object.assign(this.#state, values);
    const { buffers, ...data } = pack(record(values));
    if (this.#comm?.isClosed === false) this.#comm.send({ method: 'update', ...data }, { buffers });
    return this;
  }

  /**
   * Calls `listener` when the page has changed the state (`'change'`: anything, `'change:name'`: that name), or has
   * sent a message of its own (`'message'`). It is called between two cells and whenever a cell awaits something.
   * @returns a function that takes the listener away again.
   */
  on(event: 'change', listener: Listener<WidgetChange<State>>): () => void;
  on<Name extends keyof State & string>(event: `change:${Name}`, listener: Listener<State[Name]>): () => void;
  on(event: 'message', listener: Listener<WidgetMessage>): () => void;
  on<Name extends keyof State & string>(
    event: 'change' | 'message' | `change:${Name}`,
    listener: Listener<WidgetChange<State>> & Listener<State[Name]> & Listener<WidgetMessage>,
  ): () => void {
    if (event !== 'change' && event !== 'message' && !event.startsWith('change:'))
      throw new TypeError(`Widget.on: 'change', 'change:<name>' or 'message', got '${event}'`);
    const name = event.slice('change:'.length);
    return (
      this.#comm?.onMessage((message) => {
        const { method, content, state } = record(message.data);
        if (event === 'message') {
          if (method === 'custom') return listener({ content, buffers: message.buffers });
        } else if (method === 'update' && isPlainObject(state)) {
          const names = Object.keys(state).filter((key) => this.#has(key));
          if (event === 'change') return listener({ names, state: { ...this.#state } });
          const changed = names.find((key): key is Name => key === name);
          if (changed !== undefined) return listener(this.#state[changed]);
        }
        return undefined;
      }) ?? (() => undefined)
    );
  }

  /** Sends a message of your own to the views: `model.on('msg:custom', (content, buffers) => …)` hears it. */
  send(content: unknown, options: Pick<CommOptions, 'buffers'> = {}): void {
    this.#comm?.send({ method: 'custom', content }, options);
  }

  /** Takes the widget out of the page. Its state stays. */
  close(): void {
    this.#comm?.close();
  }

  /** What a notebook shows for the widget. */
  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    takeStates();
    const view = { version_major: 2, version_minor: 1, model_id: this.id };
    return {
      ...(this.#comm?.isClosed === false ? { 'application/vnd.jupyter.widget-view+json': view } : {}),
      'text/plain': this.#text(this.#state),
    };
  }

  [inspect.custom](): string {
    takeStates();
    return this.#text(this.#state);
  }

  #connect(whole: Readonly<Record<string, unknown>>): Comm {
    const { buffers, ...data } = pack(whole);
    const comm = comms.open(TARGET, data, PROTOCOL, buffers);
    Comm.onState(comm, (update, bytes) => this.#take(update, bytes));
    return comm;
  }

  /** A state that the page sent. Runs no code of the user's. */
  #take(update: unknown, buffers: CommEvent['buffers']): void {
    const { method, state, buffer_paths } = record(update);
    if (method !== 'update' || !isPlainObject(state)) return;
    const values = Object.entries(unpack(state, buffer_paths, buffers));
    // What the page sends beyond the state is the frontend's own (layouts, styles).
    Object.assign(this.#state, Object.fromEntries(values.filter(([name]) => this.#has(name))));
  }

  #has(name: string): name is keyof State & string {
    return Object.hasOwn(this.#state, name);
  }
}

/**
 * A widget of your own: a state that the cell and the page share, and a module that draws it.
 * `const counter = widget({ esm: '…', state: { count: 0 } })`, then `counter.get('count')`, `counter.set('count', 1)`,
 * `counter.on('change:count', (count) => …)`.
 * @throws TypeError when `esm` is no source or the state has a name that begins with `_`.
 */
export function widget<State extends object>(options: WidgetOptions<State>): Widget<State> {
  return new Widget(options);
}

/** The part of a widget's state that says who draws it. */
function describe(esm: string, css: string): Record<string, string> {
  return {
    _model_module: 'anywidget',
    _model_module_version: '*',
    _model_name: 'AnyModel',
    _view_module: 'anywidget',
    _view_module_version: '*',
    _view_name: 'AnyView',
    _esm: esm,
    _css: css,
    _anywidget_id: 'nabla.widget',
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isPlainObject(value) ? value : {};
}
