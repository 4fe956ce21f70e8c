/** From tiles to a chart of them: how many, how large, and how high the whole is. */
import type { LiveEnvironment } from '../live/live-display.js';
import type { ChartModel } from '../model/chart.js';
import type { ColorKey, ImagesPanel, Tile } from '../model/pictures.js';
import { bundledFonts } from '../scene/font.js';
import { IMAGE_GAP, imageFrame, imageRow } from '../scene/images.js';
import { Still } from './still.js';

/** More pictures than these are counted, not shown. */
export const MOST_TILES = 100;
/** Pixels along a side that are kept of the tiles of a grid together. */
const MOST_PIXELS = 1200;
const TITLE_HEIGHT = 38;
const NOTE_HEIGHT = 15;
const FOOT = 6;

export interface PictureGrid {
  title: string;
  /** At most so wide, in CSS pixels. */
  width: number;
  /** Tiles in a row; as many as look well where it is not given. */
  columns: number | undefined;
  tiles: Tile[];
  /** Rows and columns of the pictures before they were made smaller. */
  rows: number;
  cells: number;
  key: ColorKey | null;
  xName?: string;
  yName?: string;
  xLabels?: string[];
  yLabels?: string[];
  notes: string[];
  lines: string[];
  empty: string;
}

/** How many pixels along a side a tile of so many may keep. */
export function pixelsOfTile(tiles: number, columns: number | undefined): number {
  return Math.max(16, Math.floor(MOST_PIXELS / Math.min(tiles, columns ?? columnsFor(tiles))));
}

function columnsFor(tiles: number): number {
  if (tiles <= 8) return tiles;
  return Math.min(12, Math.max(6, Math.ceil(Math.sqrt(1.6 * tiles))));
}

/** Draws it; a grid of nothing says so. */
export function pictureGrid(grid: PictureGrid, environment?: LiveEnvironment): Still {
  const { tiles, key, xName = '', yName = '', xLabels = [], yLabels = [] } = grid;
  const columns = Math.max(
    1,
    Math.min(Math.max(1, tiles.length), Math.floor(grid.columns ?? columnsFor(tiles.length))),
  );
  const labelled = tiles.some(({ label }) => label !== '');
  const frame = imageFrame({ key, xName, yName, xLabels, yLabels, labelled }, bundledFonts());
  const room = (grid.width - frame.left - 14 - (columns - 1) * IMAGE_GAP) / columns;
  const tile = sizeOf(grid, room);
  const rows = Math.ceil(tiles.length / columns);
  const inner = tiles.length === 0 ? 60 : frame.top + frame.bottom + rows * imageRow(tile.height, labelled);
  const panel: ImagesPanel = {
    kind: 'images',
    weight: 1,
    columns,
    tile,
    tiles,
    key: tiles.length === 0 ? null : key,
    xName,
    yName,
    xLabels,
    yLabels,
    lines: tiles.length === 0 ? [] : grid.lines,
    empty: grid.empty,
  };
  const used = frame.left + columns * (tile.width + IMAGE_GAP) - IMAGE_GAP + 14;
  const chart: ChartModel = {
    title: grid.title,
    width: Math.round(Math.max(360, Math.min(grid.width, used))),
    height: Math.round(
      (grid.title === '' ? 8 : TITLE_HEIGHT) + inner + NOTE_HEIGHT * grid.notes.length * 2 + FOOT,
    ),
    panels: [panel],
    notes: grid.notes,
  };
  chart.height -= NOTE_HEIGHT * grid.notes.filter((note) => 6.2 * note.length < chart.width - 28).length;
  return new Still(chart, environment);
}

/** As large as fits: a whole number of device pixels for each pixel where there is room, so that none is wider. */
function sizeOf(
  { tiles, rows, cells, xLabels = [], yLabels = [] }: PictureGrid,
  room: number,
): ImagesPanel['tile'] {
  if (tiles.length === 0) return { width: 0, height: 0 };
  const most = tiles.length === 1 ? 420 : tiles.length <= 4 ? 240 : tiles.length <= 16 ? 120 : 84;
  // Names of rows want the height of a line each, as far as there is room.
  const named = Math.max(xLabels.length, yLabels.length) * 13;
  const wide = Math.max(8, Math.min(room, Math.max(most, Math.min(named, 420))));
  const pixel = Math.min(wide / cells, 420 / rows);
  const crisp = pixel >= 0.5 ? Math.floor(2 * pixel) / 2 : pixel;
  return { width: Math.max(4, cells * crisp), height: Math.max(4, rows * crisp) };
}
