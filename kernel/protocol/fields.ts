/** Reading the content of a request: each member is checked once, here, and a wrong one is named to the sender. */
import { isJsonObject, type JsonObject } from './json.js';

/** The content of a request that is not what its type demands; the text goes to the client. */
export class InvalidContent extends Error {
  override readonly name = 'InvalidContent';
}

/** The members of one request's content. A default stands in for a member that is absent or null. */
export class Fields {
  readonly #type: string;
  readonly #content: JsonObject;

  constructor(type: string, content: JsonObject) {
    this.#type = type;
    this.#content = content;
  }

  string(name: string, fallback?: string): string {
    return this.#read(name, 'a string', (value) => typeof value === 'string', fallback);
  }

  boolean(name: string, fallback?: boolean): boolean {
    return this.#read(name, 'true or false', (value) => typeof value === 'boolean', fallback);
  }

  integer(name: string, fallback?: number): number {
    return this.#read(
      name,
      'a whole number',
      (value): value is number => Number.isSafeInteger(value),
      fallback,
    );
  }

  /** A member that may be missing altogether. */
  optionalInteger(name: string): number | undefined {
    return this.has(name) ? this.integer(name) : undefined;
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  object(name: string, fallback?: JsonObject): JsonObject {
    return this.#read(name, 'an object', isJsonObject, fallback);
  }

  stringMap(name: string): Record<string, string> {
    return this.#read(
      name,
      'an object of strings',
      (value): value is Record<string, string> =>
        isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string'),
      {},
    );
  }

  oneOf<const Name extends string>(name: string, names: readonly Name[], fallback?: Name): Name {
    return this.#read(
      name,
      `one of ${names.map((item) => `'${item}'`).join(', ')}`,
      (value): value is Name => names.some((item) => item === value),
      fallback,
    );
  }

  has(name: string): boolean {
    return this.#content[name] !== undefined && this.#content[name] !== null;
  }

  /** The member as it came. */
  raw(name: string): unknown {
    return this.#content[name];
  }

  #read<T>(name: string, wanted: string, test: (value: unknown) => value is T, fallback?: T): T {
    const value = this.#content[name];
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    if (test(value)) return value;
    throw new InvalidContent(`${this.#type}: '${name}' must be ${wanted}, got ${describe(value)}`);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
