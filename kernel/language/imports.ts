/** A static import of a cell as assignments from a module that is loaded where the cell runs. */
import type { Identifier, ImportDeclaration, Literal } from 'acorn';

/**
 * `load` gives the expression that waits for a module, from the text of the arguments; `isUsed` says whether the cell
 * uses a name as a value. A name with a capital letter that is not so used may be a type that was not marked `type`:
 * its absence from the module is no error.
 */
export function importCode(
  node: ImportDeclaration,
  load: (module: string) => string,
  context: string,
  nameOf: (name: string) => string,
  isUsed: (name: string) => boolean,
): string {
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
