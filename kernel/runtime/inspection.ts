/** What only an inspector can tell about values: where a generator is suspended. */
import inspector from 'node:inspector';

export interface ScriptPosition {
  /** Both 1-based. */
  line: number;
  column: number;
}

const SUBJECT = 'nabla.subject';
const session = new inspector.Session();
let connected = false;

/** Where a suspended generator stands, in its compiled script. */
export function generatorPosition(generator: object): ScriptPosition | undefined {
  const found: ScriptPosition[] = [];
  withObjectId(generator, (objectId) =>
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (error, result) => {
      if (error !== null) return;
      const location = result.internalProperties?.find(({ name }) => name === '[[GeneratorLocation]]');
      const value: unknown = location?.value?.value;
      if (isLocation(value)) found.push({ line: value.lineNumber + 1, column: value.columnNumber + 1 });
    }),
  );
  return found[0];
}

function withObjectId(subject: object, use: (objectId: string) => void): void {
  if (!connected) session.connect();
  connected = true;
  const key = Symbol.for(SUBJECT);
  Reflect.defineProperty(globalThis, key, { value: subject, configurable: true });
  const expression = `globalThis[Symbol.for(${JSON.stringify(SUBJECT)})]`;
  session.post(
    'Runtime.evaluate',
    { expression, objectGroup: SUBJECT, silent: true },
    (error, { result }) => {
      if (error === null && result.objectId !== undefined) use(result.objectId);
    },
  );
  session.post('Runtime.releaseObjectGroup', { objectGroup: SUBJECT });
  Reflect.deleteProperty(globalThis, key);
}

function isLocation(value: unknown): value is { lineNumber: number; columnNumber: number } {
  return typeof value === 'object' && value !== null && 'lineNumber' in value && 'columnNumber' in value;
}
