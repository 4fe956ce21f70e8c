/** What a run was started with, as TensorBoard's HParams plugin keeps it (`plugins/hparams/plugin_data.proto`). */
import { fieldsOf, MessageWriter, textOf } from './protobuf.js';

/** Learning rate, batch size and so on, by name. */
export type RunSettings = Record<string, number | string | boolean>;

export const SETTINGS_PLUGIN = 'hparams';
export const SETTINGS_TAG = '_hparams_/session_start_info';

/** The plugin's data: a `SessionStartInfo` whose map leads to values as `google.protobuf.Value` has them. */
export function encodeSettings(settings: RunSettings, wallTime: number): Uint8Array {
  const session = new MessageWriter();
  for (const [name, value] of Object.entries(settings)) {
    const entry = new MessageWriter().string(1, name).bytes(2, encodeValue(value)).finish();
    session.bytes(1, entry);
  }
  return new MessageWriter().bytes(3, session.double(5, wallTime).finish()).finish();
}

function encodeValue(value: number | string | boolean): Uint8Array {
  const message = new MessageWriter();
  if (typeof value === 'number') message.double(2, value);
  else if (typeof value === 'string') message.string(3, value);
  else message.integer(4, value ? 1 : 0);
  return message.finish();
}

/** Undefined for what else the plugin writes: how an experiment is laid out, the end of a session. */
export function decodeSettings(data: Uint8Array): RunSettings | undefined {
  for (const { number, value } of fieldsOf(data))
    if (number === 3 && typeof value !== 'number') return decodeSession(value);
  return undefined;
}

function decodeSession(session: Uint8Array): RunSettings {
  const settings: RunSettings = {};
  for (const { number, value } of fieldsOf(session)) {
    if (number !== 1 || typeof value === 'number') continue;
    let name = '';
    let setting: RunSettings[string] | undefined;
    for (const field of fieldsOf(value)) {
      if (typeof field.value === 'number') continue;
      if (field.number === 1) name = textOf(field.value);
      if (field.number === 2) setting = decodeValue(field.value);
    }
    if (setting !== undefined) settings[name] = setting;
  }
  return settings;
}

function decodeValue(message: Uint8Array): RunSettings[string] | undefined {
  for (const { number, value } of fieldsOf(message)) {
    if (number === 2 && typeof value === 'number') return value;
    if (number === 3 && typeof value !== 'number') return textOf(value);
    if (number === 4) return value === 1;
  }
  return undefined;
}
