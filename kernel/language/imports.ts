/** A static import of a cell as assignments from a module that is loaded where the cell runs. */
import type { Identifier, ImportDeclaration, Literal } from 'acorn';

export interface ImportOptions {
  /** The parameter that holds the cell's context. */
  readonly context: string;
  /** The expression that waits for a module, from the text of the arguments. */
  readonly load: (module: string) => string;
  readonly nameOf: (name: string) => string;
  /** Whether the cell uses a name as a value. */
  readonly isUsed: (name: string) => boolean;
}

/**
 * A name with a capital letter that the cell does not use as a value may be a type that was not marked `type`: that
 * the module lacks it is no error.
 */
export function importCode(node: ImportDeclaration, options: ImportOptions): string {
  const { context, load, nameOf, isUsed } = options;
  const specifier = JSON.stringify(node.source.value);
  const attributes = node.attributes.map(
    ({ key, value }) => `${keyText(key)}: ${JSON.stringify(value.value)}`,
  );
  const module = load(
    [specifier, ...(attributes.length > 0 ? [`{ ${attributes.join(', ')} }`] : [])].join(', '),
  );

  const required: string[] = [];
  const optional: string[] = [];
  const targets: string[] = [];
  let namespace: string | undefined;
  for (const imported of node.specifiers) {
    const local = imported.local.name;
    if (imported.type === 'ImportNamespaceSpecifier') {
      namespace = nameOf(local);
      continue;
    }
    const name = imported.type === 'ImportDefaultSpecifier' ? '"default"' : keyText(imported.imported);
    targets.push(`${name}: ${nameOf(local)}`);
    (isUsed(local) || !/^"?\p{Lu}/u.test(name) ? required : optional).push(name);
  }
  if (node.specifiers.length === 0) return `${module};`;
  if (targets.length === 0) return `${namespace!} = ${module};`;
  const from = namespace === undefined ? module : `(${namespace} = ${module})`;
  const names = `{ required: [${required.join(', ')}], optional: [${optional.join(', ')}] }`;
  return `({ ${targets.join(', ')} } = ${context}.importNames(${from}, ${specifier}, ${names}));`;
}

function keyText(key: Identifier | Literal): string {
  return JSON.stringify(key.type === 'Identifier' ? key.name : key.value);
}
