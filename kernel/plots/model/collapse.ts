/** Large graphs made small: operations become the modules that they belong to. */
import type { GraphNode, GraphReading } from '../../../core/diagnostics/index.js';

/** A node of the graph, or a module with all that it did in one call. */
export interface Part {
  node: GraphNode | null;
  /** Of a module. */
  name: string;
  members: GraphNode[];
  /** Where it takes from: places among the parts. */
  inputs: { from: number; node: GraphNode; factor: number | null; exact: boolean }[];
}

/** All nodes one by one while there are at most `most`, else modules, the innermost that make so few. */
export function partsOf(reading: GraphReading, most: number): { parts: Part[]; cut: number } {
  const { nodes } = reading;
  const scopes = nodes.length <= most ? nodes.map(() => []) : pathsOf(nodes);
  const deepest = Math.max(0, ...scopes.map((path) => path.length));
  let parts = nodes.length <= most ? merge(nodes, scopes, 0) : [];
  for (let depth = deepest; depth >= 1 && (parts.length === 0 || parts.length > most); depth--)
    parts = merge(nodes, scopes, depth);
  if (parts.length === 0) parts = merge(nodes, scopes, 0);
  return tail(parts, most);
}

/** Only what was computed last. */
function tail(parts: Part[], most: number): { parts: Part[]; cut: number } {
  const cut = Math.max(0, parts.length - most);
  if (cut === 0) return { parts, cut };
  const kept = parts.slice(cut).map((part) => ({
    ...part,
    inputs: part.inputs
      .filter(({ from }) => from >= cut)
      .map((input) => ({ ...input, from: input.from - cut })),
  }));
  return { parts: kept, cut };
}

/** For each node the keys of the module calls around it, outermost first; a leaf goes where it is used first. */
function pathsOf(nodes: readonly GraphNode[]): { key: string; name: string }[][] {
  const paths = nodes.map(({ scopes }) =>
    scopes.map(({ name, type, call }) => ({
      key: `call ${call}`,
      name: name === '' ? type : `${name} (${type})`,
    })),
  );
  if (paths.every((path) => path.length === 0)) guess(nodes, paths);
  nodes.forEach((node, i) => {
    for (const { input } of node.inputs)
      if (nodes[input].kind === 'leaf' && paths[input].length === 0) paths[input] = paths[i];
  });
  return paths;
}

/** Without a record of calls: an operation belongs to the module whose parameter was used last before it. */
function guess(nodes: readonly GraphNode[], paths: { key: string; name: string }[][]): void {
  const order = nodes.map((_, i) => i).filter((i) => nodes[i].kind === 'op');
  order.sort((a, b) => nodes[a].sequence - nodes[b].sequence);
  let path: { key: string; name: string }[] = [];
  let module = '';
  let calls = 0;
  for (const i of order) {
    const used = nodes[i].inputs
      .map(({ input }) => nodes[input])
      .find(({ kind, name }) => kind === 'leaf' && name.includes('.'));
    const owner = used?.name.slice(0, used.name.lastIndexOf('.'));
    if (owner !== undefined && owner !== module) {
      module = owner;
      calls += 1;
      const names = owner.split('.');
      path = names.map((_, depth) => {
        const name = names.slice(0, depth + 1).join('.');
        return { key: depth === names.length - 1 ? `${name} ${calls}` : name, name };
      });
    }
    paths[i] = path;
  }
}

function merge(
  nodes: readonly GraphNode[],
  paths: readonly { key: string; name: string }[][],
  depth: number,
): Part[] {
  const parts: Part[] = [];
  const places = new Map<string, number>();
  const placeOf = nodes.map((node, i) => {
    // What a container does itself, between its modules, stays as it is: a residual sum, for instance.
    const at = depth > 0 && paths[i].length >= depth ? paths[i][depth - 1] : undefined;
    const key = at?.key ?? `node ${i}`;
    const known = places.get(key);
    if (known !== undefined) {
      parts[known].members.push(node);
      return known;
    }
    places.set(key, parts.length);
    parts.push({ node: at === undefined ? node : null, name: at?.name ?? '', members: [node], inputs: [] });
    return parts.length - 1;
  });
  nodes.forEach((node, i) => {
    const to = placeOf[i];
    for (const { input, factor, exact } of node.inputs) {
      const from = placeOf[input];
      const part = parts[to];
      const again = part.node === null && part.inputs.some((other) => other.from === from);
      if (from !== to && !again) part.inputs.push({ from, node: nodes[input], factor, exact });
    }
  });
  return parts;
}
