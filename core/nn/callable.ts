/**
 * Modules are called like functions, `model(x)`, as in PyTorch. JavaScript has no `__call__`; what can be called is a
 * function object. So the base class of {@link Module} hands out a function that has the class's prototype: `new`,
 * fields, methods, `instanceof` and subclasses work as always, and calling the instance runs the handler given here.
 */

/** What happens when an instance is called. */
export type CallHandler = (instance: unknown, inputs: unknown[]) => unknown;

/** Makes a base class whose instances are callable. */
export function callableClass(onCall: CallHandler): new () => object {
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- the constructor is what matters
  return class {
    constructor() {
      const self = (...inputs: unknown[]): unknown => onCall(self, inputs);
      // Own properties of every function; they would hide a class's own `name` and `length`.
      Reflect.deleteProperty(self, 'name');
      Reflect.deleteProperty(self, 'length');
      Reflect.setPrototypeOf(self, new.target.prototype);
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- on purpose, see above
      return self;
    }
  };
}
