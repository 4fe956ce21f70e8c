/** Ending the process would lose everything that the notebook has computed: a cell that asks for it gets an error. */

export function refuseToExit(): void {
  const reallyExit = Reflect.get(process, 'reallyExit') as (code: number) => never;
  endProcess = (code) => Reflect.apply(reallyExit, process, [code]);
  for (const name of ['exit', 'reallyExit', 'abort'] as const)
    Object.defineProperty(process, name, { value: refusal(name), configurable: true, writable: true });
}

/** Ends this process at once. */
export let endProcess: (code: number) => never = (code) => process.exit(code);

function refusal(name: string): () => never {
  return () => {
    throw new Error(
      `process.${name}() was refused: it would end the kernel and lose its variables. ` +
        'To stop a cell, throw an error; to start afresh, restart the kernel.',
    );
  };
}
