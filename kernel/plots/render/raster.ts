/** Turns a chart into a PNG: layout, pixels, palette. The whole way runs in a worker or in process. */
import type { ChartModel } from '../model/chart.js';
import { draw } from '../raster/draw.js';
import { bundledFonts, type FontSet } from '../scene/font.js';
import type { ChartOutput } from './bundle.js';
import { Choices } from './choices.js';
import { encodePng, type Pixels } from './png.js';
import { sceneOf } from './scene-of.js';
import { MAX_STORED_BYTES, storedBytes } from './stored.js';
import { toText } from './text.js';
import { leastSpecBytes, wantedSpecBytes } from './vega-lite.js';
import type { Scene } from '../scene/shapes.js';
import { AGE_ENDS, PALETTE } from '../scene/style.js';

/** Device pixels for a CSS pixel: sharp on dense screens. */
const PIXEL_RATIO = 2;
/** Bytes of the file of a notebook around a picture and its specification. */
const AROUND = 700;
/** What is kept in the notebook takes a third more there, as text, and shares the room with the interactive chart. */
const [SMALLEST_LIMIT, LARGEST_LIMIT] = [26_000, 36_000];
/** Where words would become too small to be read otherwise, the picture takes all. */
const WHOLE = 42_000;
/** From the best picture to the smallest, with the share of the first one's bytes that is usual. */
const ATTEMPTS = [
  { ratio: 2, colors: 128, share: 1 },
  { ratio: 2, colors: 64, share: 0.93 },
  { ratio: 2, colors: 40, share: 0.86 },
  { ratio: 1.6, colors: 64, share: 0.69 },
  { ratio: 1.6, colors: 32, share: 0.62 },
  { ratio: 1.25, colors: 48, share: 0.48 },
  { ratio: 1.25, colors: 24, share: 0.41 },
  { ratio: 1.25, colors: 16, share: 0.37 },
  { ratio: 1.1, colors: 16, share: 0.31 },
  { ratio: 1, colors: 32, share: 0.31 },
  { ratio: 1, colors: 24, share: 0.29 },
  { ratio: 1, colors: 16, share: 0.26 },
  { ratio: 1, colors: 14, share: 0.245 },
  { ratio: 1, colors: 12, share: 0.23 },
  { ratio: 0.8, colors: 16, share: 0.19 },
  { ratio: 0.8, colors: 12, share: 0.17 },
  { ratio: 0.7, colors: 24, share: 0.16 },
  { ratio: 0.7, colors: 12, share: 0.14 },
  { ratio: 0.6, colors: 16, share: 0.12 },
] as const;
/** Pictures of so few pixels for their words get zlib's best: a tenth less where words are all there is. */
const SMALL_RATIO = 1.25;
const FEWEST_OF_CURVES = 24;
/** Colours of paper, words and lines; each series takes one more, and one for its blends. */
const AROUND_SERIES = 6;
/** Fewer pixels are only for what does not fit otherwise. */
const COARSE = 0.8;
const COARSEST = 0.7;
/** CSS pixels of a picture (a graph of many boxes) whose best would be large and slow. */
const LARGE = 1_000_000;
/** A frame that is seen for a quarter of a second. */
const LIVE_COLORS = 64;
/** Effort is counted in characters of path data; a text or a dot is worth so many, an area so many CSS pixels a character. */
const EFFORT = { text: 150, circle: 110, rect: 80 } as const;
const PATH_EFFORT = 300;
const AREA_EFFORT = 8;
/** Smooth images have many colours. */
const SMOOTH_EFFORT = 6;
const MUCH = 88_000;
const VERY_MUCH = 98_000;
const FAR_TOO_MUCH = 200_000;

/** A picture, or why there is none. */
export type FrameResult = ({ png: Uint8Array } | { error: string }) & {
  /** Milliseconds that another thread took to draw it. */
  drawn?: number;
  /** What is to be sent, where that thread has made it too. */
  output?: ChartOutput;
};

/** Called between the stages of a drawing; what it throws ends the drawing. */
export type Checkpoint = () => void;

/** Never throws, but for what `checkpoint` throws: `live` frames are drawn for a quarter of a second, `final` ones are kept and packed well. */
export function render(chart: ChartModel, effort: 'live' | 'final', checkpoint?: Checkpoint): FrameResult {
  const given: { up?: unknown } = {};
  const check = (): void => {
    try {
      checkpoint?.();
    } catch (error) {
      given.up = error;
      throw error;
    }
  };
  try {
    return { png: effort === 'live' ? livePng(chart, check) : finalPng(chart, check) };
  } catch (error) {
    if (error === given.up) throw error;
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws Error when something in the chart cannot be laid out. */
function livePng(chart: ChartModel, check: Checkpoint): Buffer {
  const scene = sceneOf(chart);
  check();
  return rasterize(scene, bundledFonts(), liveRatio(scene), (pixels) => {
    check();
    return encodePng(pixels, LIVE_COLORS, 'fast', seriesColors(scene));
  });
}

/** @throws Error when something in the chart cannot be laid out. */
function finalPng(chart: ChartModel, check: Checkpoint): Buffer {
  const fonts = bundledFonts();
  const scene = sceneOf(chart);
  const series = seriesColors(scene);
  // What is tried in several numbers of colours is drawn once.
  const drawn = new Map<number, Pixels>();
  const encode = (ratio: number, colors: number): Buffer => {
    let pixels = drawn.get(ratio);
    check();
    if (pixels === undefined) drawn.set(ratio, (pixels = rasterize(scene, fonts, ratio, copyOf)));
    check();
    return encodePng(pixels, colors, ratio > SMALL_RATIO ? 'small' : 'smallest', series);
  };
  const text = storedBytes(toText(chart), 0);
  check();
  const wanted = wantedSpecBytes(chart);
  const besides = (spec: number): number => ((MAX_STORED_BYTES - AROUND - text - spec) * 3) / 4;
  // Only where it is asked for: the smallest specification takes as long to make as the others.
  const least = (): number => {
    check();
    return besides(leastSpecBytes(chart));
  };
  const ideal = besides(wanted);
  const shared = Math.min(
    LARGEST_LIMIT,
    ideal >= SMALLEST_LIMIT ? ideal : Math.max(Math.min(SMALLEST_LIMIT, least()), ideal),
  );
  const isLarge = chart.width * chart.height > LARGE;
  const attempts = isLarge ? ATTEMPTS.slice(5) : ATTEMPTS;
  // Curves are told apart by their colours.
  const isCurves = chart.panels.every(({ kind }) => kind === 'lines');
  const fewest = isCurves ? FEWEST_OF_CURVES : Math.min(FEWEST_OF_CURVES, AROUND_SERIES + 2 * series.length);
  const tried = attempts
    .filter(({ colors }) => colors >= fewest)
    .map(({ ratio, colors, share }) => new Attempt(ratio, colors, share, encode));
  const readable = tried.filter(({ ratio }) => ratio >= (isLarge ? COARSE : 1));
  const coarse = tried.filter(({ ratio }) => ratio >= COARSEST);
  const last = chosen.of(chart);
  const guess = tried.find(({ name }) => name === last?.name);
  if (guess !== undefined) guess.finer = last?.finer;
  const best =
    (wanted > 0
      ? (firstWithin(readable, shared, guess) ??
        firstWithin(readable, least()) ??
        firstWithin(coarse, least()))
      : undefined) ??
    firstWithin(tried, Math.min(WHOLE, besides(0)), guess) ??
    tried[tried.length - 1];
  const next = tried[tried.indexOf(best) - 1]?.known;
  chosen.keep(chart, { name: best.name, finer: next === undefined ? best.finer : next / best.png.length });
  return best.png;
}

/** Which attempt fitted when a chart of the same kind was drawn last, and how many times its bytes the next finer one took. */
const chosen = new Choices<{ name: string; finer: number | undefined }>();

/** Those that something drawn has, of the palette and of what changed over time: red would be an error, and blue is well. */
function seriesColors({ shapes }: Scene): string[] {
  const used = new Set<string | undefined>(
    shapes.flatMap((shape) => [
      'fill' in shape ? shape.fill : undefined,
      'stroke' in shape ? shape.stroke : undefined,
    ]),
  );
  return [...PALETTE, ...AGE_ENDS].filter((color) => used.has(color));
}

function copyOf({ rgba, paper, ...size }: Pixels): Pixels {
  return { ...size, rgba: rgba.slice(), paper: paper && { ...paper, touched: paper.touched.slice() } };
}

/** A way to encode a picture, which takes 20 to 60 ms to try. */
class Attempt {
  readonly name: string;
  /** How many times the bytes of this one the next finer one is expected to take, where that is known. */
  finer: number | undefined;
  private encoded: Buffer | undefined;

  constructor(
    readonly ratio: number,
    private readonly colors: number,
    readonly share: number,
    private readonly encode: (ratio: number, colors: number) => Buffer,
  ) {
    this.name = `${ratio} ${colors}`;
  }

  get png(): Buffer {
    return (this.encoded ??= this.encode(this.ratio, this.colors));
  }

  /** Bytes where it was tried already. */
  get known(): number | undefined {
    return this.encoded?.length;
  }
}

/** What is expected to be little too large is tried: the step to the next is larger. */
const LIKELY = 1.05;

/**
 * The best attempt that takes no more than `limit` bytes; it is sought where one that was tried before lets expect it, or
 * from `guess` on, where there is one.
 */
function firstWithin(attempts: readonly Attempt[], limit: number, guess?: Attempt): Attempt | undefined {
  const fits = (i: number): boolean => attempts[i].png.length <= limit;
  const guessed = guess === undefined ? -1 : attempts.indexOf(guess);
  if (guessed < 0 && (attempts.length === 0 || fits(0))) return attempts.at(0);
  if (guess?.finer !== undefined && guessed >= 0 && fits(guessed) && guess.png.length * guess.finer > limit)
    return guess;
  const nearest = attempts.findLast(({ known }) => known !== undefined) ?? attempts[Math.max(0, guessed)];
  const scale = nearest.png.length / nearest.share;
  let at = attempts.findIndex(({ share }) => share * scale <= LIKELY * limit);
  if (at < 0) at = attempts.length - 1;
  if (fits(at)) while (at > 0 && fits(at - 1)) at -= 1;
  else while (at < attempts.length && !fits(at)) at += 1;
  return attempts[at];
}

/** Pixels a CSS pixel of a frame that passes by: fewer where there is so much to draw that it would take more than 25 ms. */
export function liveRatio({ width, height, shapes }: Scene): number {
  let effort = (width * height) / AREA_EFFORT;
  for (const shape of shapes)
    effort +=
      shape.kind === 'path'
        ? PATH_EFFORT + shape.d.length * (shape.stroke !== undefined && shape.dash !== undefined ? 2 : 1)
        : shape.kind === 'image'
          ? (shape.box.width * shape.box.height) / (shape.crisp === true ? AREA_EFFORT : SMOOTH_EFFORT)
          : EFFORT[shape.kind];
  return effort < MUCH ? PIXEL_RATIO : effort < VERY_MUCH ? 1.5 : effort < FAR_TOO_MUCH ? 1.2 : 1;
}

/** @param use gets the pixels, which must not be kept: the next picture is drawn over them */
export function rasterize<T>(scene: Scene, fonts: FontSet, ratio: number, use: (pixels: Pixels) => T): T {
  return draw(scene, fonts, ratio, ({ width, height, rgba, blocks, touched }) =>
    use({ width, height, rgba, paper: { width, blocks, touched } }),
  );
}
