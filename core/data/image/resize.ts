/** Bilinear resizing with a filter as wide as the reduction, so that small pictures show all of large ones. */
import { isFloat } from '../../dtype.js';
import { formatShape } from '../../layout.js';
import { fromTypedArray } from '../../ops/creation.js';
import type { Tensor } from '../../tensor.js';

/** For each place of the result, where its weights begin, and they. */
interface Weights {
  readonly begin: Int32Array;
  readonly weights: readonly Float64Array[];
}

/** Triangles around the centres, as wide as a pixel of the smaller picture; each sums to 1. */
function triangles(from: number, to: number): Weights {
  const scale = from / to;
  const width = Math.max(1, scale);
  const begin = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - width + 0.5));
    const end = Math.min(from, Math.trunc(center + width + 0.5));
    begin[i] = first;
    const own = Float64Array.from({ length: end - first }, (_, j) =>
      Math.max(0, 1 - Math.abs((first + j - center + 0.5) / width)),
    );
    const sum = own.reduce((a, b) => a + b, 0);
    return own.map((w) => w / sum);
  });
  return { begin, weights };
}

/**
 * Resizes pictures [..., H, W] bilinearly, with antialiasing where they get smaller, as torchvision and Pillow do.
 * @param size [height, width], or the length of the shorter side; then the other follows in proportion
 * @throws RangeError for sizes that are not positive integers, and tensors without pictures
 */
export function resize(image: Tensor, size: number | readonly [height: number, width: number]): Tensor {
  const { shape, ndim } = image;
  const [h, w] = shape.slice(-2);
  if (ndim < 2 || image.numel() === 0) {
    throw new RangeError(`resize: takes pictures [..., height, width], got ${formatShape(shape)}`);
  }
  const [height, width] =
    typeof size !== 'number'
      ? size
      : h <= w
        ? [size, Math.trunc((size * w) / h)]
        : [Math.trunc((size * h) / w), size];
  if (![height, width].every((n) => Number.isInteger(n) && n > 0)) {
    throw new RangeError(`resize: the size must be of positive integers, got ${String(size)}`);
  }
  if (height === h && width === w) return image;
  const values = image.detach().toTypedArray();
  const planes = image.numel() / (h * w);
  const out = new Float64Array(planes * height * width);
  const columns = triangles(w, width);
  const rows = triangles(h, height);
  const middle = new Float64Array(h * width);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < width; x++) {
        const own = columns.weights[x];
        const from = (plane * h + y) * w + columns.begin[x];
        let sum = 0;
        for (let k = 0; k < own.length; k++) sum += own[k] * values[from + k];
        middle[y * width + x] = sum;
      }
    }
    for (let y = 0; y < height; y++) {
      const own = rows.weights[y];
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < own.length; k++) sum += own[k] * middle[(rows.begin[y] + k) * width + x];
        out[(plane * height + y) * width + x] = sum;
      }
    }
  }
  const { dtype } = image;
  if (!isFloat(dtype)) for (let i = 0; i < out.length; i++) out[i] = Math.round(out[i]);
  return fromTypedArray(out, { shape: [...shape.slice(0, -2), height, width], dtype });
}
