/**
 * What each widget shows, as the kernel process has seen it go by. So a page that comes later, or is loaded again, gets
 * its widgets also while a cell spins, and a second frontend sees what the first has set.
 */
import type { CommData } from '../protocol/comm.js';
import { isJsonObject } from '../protocol/json.js';

/** Targets of ipywidgets' frontends: a widget, and questions about all of them at once. */
export const WIDGET_TARGET = 'jupyter.widget';
export const WIDGET_CONTROL_TARGET = 'jupyter.widget.control';

interface Attribute {
  readonly value: unknown;
  /** Its binary parts, by their path below it. */
  readonly parts: readonly { readonly path: readonly unknown[]; readonly bytes: Uint8Array }[];
}

/** A message with its buffers. */
export interface Packet {
  readonly data: CommData['data'];
  readonly buffers: readonly Uint8Array[];
}

export class WidgetStates {
  readonly #models = new Map<string, Map<string, Attribute>>();

  open(id: string, packet: Packet): void {
    this.#models.set(id, new Map());
    this.#merge(id, packet);
  }

  /** A message of either side. Returns the echo that clients are to hear when it changes the state. */
  update(id: string, packet: Packet): Packet | null {
    if (!this.#models.has(id) || !isStateUpdate(packet.data)) return null;
    this.#merge(id, packet);
    return { data: { ...packet.data, method: 'echo_update' }, buffers: packet.buffers };
  }

  close(id: string): void {
    this.#models.delete(id);
  }

  clear(): void {
    this.#models.clear();
  }

  /** The answer to `request_state`; null for another message. */
  answer(id: string, data: unknown): Packet | null {
    const model = this.#models.get(id);
    if (!model || !isJsonObject(data) || data.method !== 'request_state') return null;
    const { state, paths, buffers } = collect(model);
    return { data: { method: 'update', state, buffer_paths: paths }, buffers };
  }

  /** The answer to `request_states` on a control comm; null for another message. */
  answerAll(data: unknown): Packet | null {
    if (!isJsonObject(data) || data.method !== 'request_states') return null;
    const states: Record<string, object> = {};
    const buffer_paths: unknown[][] = [];
    const buffers: Uint8Array[] = [];
    for (const [id, model] of this.#models) {
      const { state, paths, buffers: own } = collect(model);
      const { _model_name, _model_module, _model_module_version } = state;
      states[id] = {
        model_name: _model_name,
        model_module: _model_module,
        model_module_version: _model_module_version,
        state,
      };
      for (const path of paths) buffer_paths.push([id, 'state', ...path]);
      buffers.push(...own);
    }
    return { data: { method: 'update_states', states, buffer_paths }, buffers };
  }

  #merge(id: string, { data, buffers }: Packet): void {
    const model = this.#models.get(id);
    if (!model || !isJsonObject(data) || !isJsonObject(data.state)) return;
    const paths = Array.isArray(data.buffer_paths) ? data.buffer_paths.filter(Array.isArray) : [];
    for (const [name, value] of Object.entries(data.state)) {
      const parts = paths.flatMap((path: unknown[], index) =>
        path[0] === name && index < buffers.length ? [{ path: path.slice(1), bytes: buffers[index] }] : [],
      );
      model.set(name, { value, parts });
    }
  }
}

/** Whether a client's message to a widget changes its state. */
export function isStateUpdate(data: unknown): data is Record<string, unknown> {
  return isJsonObject(data) && data.method === 'update' && isJsonObject(data.state);
}

function collect(model: ReadonlyMap<string, Attribute>) {
  const entries = [...model].map(([name, { value }]): [string, unknown] => [name, value]);
  const state: Record<string, unknown> = Object.fromEntries(entries);
  const parts = [...model].flatMap(([name, attribute]) =>
    attribute.parts.map(({ path, bytes }) => ({ path: [name, ...path], bytes })),
  );
  return { state, paths: parts.map(({ path }) => path), buffers: parts.map(({ bytes }) => bytes) };
}
