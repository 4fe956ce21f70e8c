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

  const names: string[] = [];
  let namespace: string | undefined;
  for (const imported of node.specifiers) {
    const local = imported.local.name;
    const target = nameOf(local);
    if (imported.type === 'ImportNamespaceSpecifier') {
      namespace = target;
      continue;
    }
    const name = imported.type === 'ImportDefaultSpecifier' ? '"default"' : keyText(imported.imported);
    const required = isUsed(local) || !/^"?\p{Lu}/u.test(name);
    names.push(
      `{ name: ${name}, local: ${JSON.stringify(target)}, required: ${required}, set: ($v) => { ${target} = $v; } }`,
    );
  }
  if (node.specifiers.length === 0) return `${module};`;
  if (names.length === 0) return `${namespace!} = ${module};`;
  const from = namespace === undefined ? module : `(${namespace} = ${module})`;
  return `${context}.importNames(${from}, ${specifier}, [${names.join(', ')}]);`;
}

function keyText(key: Identifier | Literal): string {
  return JSON.stringify(key.type === 'Identifier' ? key.name : key.value);
}
