/** Promises print without what Node notes in them while asynchronous contexts are followed. */
import { inspect } from 'node:util';

const NOTES = new Set(['async_id_symbol', 'trigger_async_id_symbol', 'kResourceStore', 'destroyed']);

export function tidyPromises(): void {
  Reflect.defineProperty(Promise.prototype, inspect.custom, {
    value: hideNotes,
    configurable: true,
    writable: true,
  });
}

/** To return the value itself means: print it as usual. */
function hideNotes(this: object): object {
  for (const key of Object.getOwnPropertySymbols(this)) {
    const property = Object.getOwnPropertyDescriptor(this, key);
    if (property?.enumerable && property.configurable && NOTES.has(key.description ?? ''))
      Object.defineProperty(this, key, { ...property, enumerable: false });
  }
  return this;
}
