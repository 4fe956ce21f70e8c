/** Images at given places by their four neighbours, in plain JavaScript: what is read depends on the place. */

type Floats = Float32Array | Float64Array;

/** Images [N, C, H, W], and places [N, places, 2] of coordinates (x, y) from −1 to 1. */
export interface Sampling {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly places: number;
  /** Whether −1 and 1 are the corner pixels' centres rather than the image's edges. */
  readonly align: boolean;
}

/**
 * Weights and flat positions of the four neighbours of each place, of one image; −1 for one outside, of which nothing
 * is taken. Once for all channels.
 */
function neighbours(
  grid: Floats,
  from: number,
  { height, width, places, align }: Sampling,
  weights: Float64Array,
  positions: Int32Array,
): void {
  const [scaleX, scaleY] = align ? [(width - 1) / 2, (height - 1) / 2] : [width / 2, height / 2];
  const shift = align ? 0 : 0.5;
  for (let k = 0; k < places; k++) {
    const x = (grid[from + 2 * k] + 1) * scaleX - shift;
    const y = (grid[from + 2 * k + 1] + 1) * scaleY - shift;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const right = x - left;
    const below = y - top;
    const at = 4 * k;
    weights[at] = (1 - right) * (1 - below);
    weights[at + 1] = right * (1 - below);
    weights[at + 2] = (1 - right) * below;
    weights[at + 3] = right * below;
    const row = top * width + left;
    const [isLeft, isRight] = [left >= 0 && left < width, left >= -1 && left < width - 1];
    const [isTop, isBelow] = [top >= 0 && top < height, top >= -1 && top < height - 1];
    positions[at] = isLeft && isTop ? row : -1;
    positions[at + 1] = isRight && isTop ? row + 1 : -1;
    positions[at + 2] = isLeft && isBelow ? row + width : -1;
    positions[at + 3] = isRight && isBelow ? row + width + 1 : -1;
  }
}

/** out [N, C, places], with zeros outside of the images. */
export function sampleImages(images: Floats, grid: Floats, out: Floats, sampling: Sampling): void {
  const { count, channels, height, width, places } = sampling;
  const weights = new Float64Array(4 * places);
  const positions = new Int32Array(4 * places);
  for (let n = 0; n < count; n++) {
    neighbours(grid, n * places * 2, sampling, weights, positions);
    for (let c = 0; c < channels; c++) {
      const plane = (n * channels + c) * height * width;
      const to = (n * channels + c) * places;
      if (images instanceof Float32Array && out instanceof Float32Array)
        samplePlane32(images, plane, weights, positions, out, to, places);
      else samplePlane(images, plane, weights, positions, out, to, places);
    }
  }
}

function samplePlane32(
  images: Float32Array,
  plane: number,
  weights: Float64Array,
  positions: Int32Array,
  out: Float32Array,
  to: number,
  places: number,
): void {
  for (let k = 0, at = 0; k < places; k++, at += 4) {
    const [a, b, c, d] = [positions[at], positions[at + 1], positions[at + 2], positions[at + 3]];
    // A weight that is no number makes the sum none, also of zeros.
    out[to + k] =
      weights[at] * (a < 0 ? 0 : images[plane + a]) +
      weights[at + 1] * (b < 0 ? 0 : images[plane + b]) +
      weights[at + 2] * (c < 0 ? 0 : images[plane + c]) +
      weights[at + 3] * (d < 0 ? 0 : images[plane + d]);
  }
}

/** The same of other kinds of arrays. */
function samplePlane(
  images: Floats,
  plane: number,
  weights: Float64Array,
  positions: Int32Array,
  out: Floats,
  to: number,
  places: number,
): void {
  for (let k = 0; k < places; k++) {
    let sum = 0;
    for (let at = 4 * k; at < 4 * k + 4; at++)
      sum += weights[at] * (positions[at] < 0 ? 0 : images[plane + positions[at]]);
    out[to + k] = sum;
  }
}
