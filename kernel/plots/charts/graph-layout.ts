/** Gives boxes and links of a graph their places. */
import { createRequire } from 'node:module';
import type { GraphBox, GraphLink, GraphPanel } from '../model/pictures.js';
import { bundledFonts } from '../scene/font.js';
import { boxSize } from '../scene/graph.js';
import { TYPE } from '../scene/style.js';

/** What is used of dagre. Its own types are written for bundlers: its files import each other without extensions. */
interface Dagre {
  Graph: new (options: { multigraph: boolean }) => LayoutGraph;
  layout: (graph: LayoutGraph) => void;
}

interface LayoutGraph {
  setGraph(options: object): unknown;
  setNode(name: string, label: object): unknown;
  setEdge(from: string, to: string, label: object, name: string): unknown;
  graph(): unknown;
  node(name: string): unknown;
  edge(from: string, to: string, name: string): unknown;
}

let dagre: Dagre | undefined;

/** Loaded when the first graph is drawn. */
function loadDagre(): Dagre {
  dagre ??= createRequire(import.meta.url)('@dagrejs/dagre') as Dagre;
  return dagre;
}

/** A graph that is wider than this from left to right is drawn from top to bottom. */
const WIDEST = 980;

export type PlacedGraph = Pick<GraphPanel, 'boxes' | 'links' | 'size'>;

/** A graph's boxes and links at one time. */
export interface GraphStage {
  boxes: readonly GraphBox[];
  links: readonly GraphLink[];
}

/**
 * From left to right where that is not too wide.
 *
 * @param stages of one that changes: there is room for all, so that nothing moves from one to the next
 */
export function placeGraph(stage: GraphStage, stages: readonly GraphStage[] = []): PlacedGraph {
  if (stage.boxes.length === 0) return { boxes: [], links: [], size: { width: 0, height: 0 } };
  const across = place(stage, [stage, ...stages], 'LR');
  return across.size.width <= WIDEST ? across : place(stage, [stage, ...stages], 'TB');
}

function place(
  { boxes, links }: GraphStage,
  stages: readonly GraphStage[],
  rankdir: 'LR' | 'TB',
): PlacedGraph {
  const { Graph, layout } = loadDagre();
  const fonts = bundledFonts();
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir,
    nodesep: 14,
    ranksep: rankdir === 'LR' ? 26 : 24,
    edgesep: 10,
    marginx: 2,
    marginy: 2,
  });
  boxes.forEach((_, i) => {
    const sizes = stages.map((stage) => boxSize(stage.boxes[i].lines, fonts));
    const width = Math.max(...sizes.map((size) => size.width));
    graph.setNode(String(i), { width, height: Math.max(...sizes.map((size) => size.height)) });
  });
  links.forEach(({ from, to }, i) => {
    const labels = stages.map((stage) => stage.links[i].label).filter((label) => label !== '');
    const widths = labels.map((label) => fonts.width(label, TYPE.tick.size, TYPE.tick.weight) + 6);
    const size = { width: Math.max(0, ...widths), height: labels.length === 0 ? 0 : 15 };
    graph.setEdge(String(from), String(to), { ...size, labelpos: 'c' }, String(i));
  });
  layout(graph);
  const placed = boxes.map((box, i) => {
    const { x, y, width, height } = numbers(graph.node(String(i)), ['x', 'y', 'width', 'height']);
    return { ...box, x, y, width, height };
  });
  const drawn = links.map((link, i) => {
    const edge = graph.edge(String(link.from), String(link.to), String(i));
    const points = pointsOf(edge);
    const { x, y } = numbers(edge, ['x', 'y']);
    const at: [number, number] | null = link.label !== '' && Number.isFinite(x + y) ? [x, y] : null;
    return { ...link, points, at };
  });
  const size = numbers(graph.graph(), ['width', 'height']);
  return { boxes: placed, links: drawn, size: { width: size.width, height: size.height } };
}

/** What dagre writes into its labels; NaN for what is not there. */
function numbers<K extends string>(label: unknown, keys: readonly K[]): Record<K, number> {
  const read = (key: K): number =>
    typeof label === 'object' && label !== null && key in label ? Number(Reflect.get(label, key)) : NaN;
  return Object.fromEntries(keys.map((key) => [key, read(key)])) as Record<K, number>;
}

function pointsOf(label: unknown): [number, number][] {
  const points: unknown = typeof label === 'object' && label !== null ? Reflect.get(label, 'points') : [];
  return (Array.isArray(points) ? (points as unknown[]) : []).map((point) => {
    const { x, y } = numbers(point, ['x', 'y']);
    return [x, y];
  });
}
