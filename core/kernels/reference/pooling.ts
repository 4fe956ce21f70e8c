/** Pooling: the largest elements and means of windows, and back. */
import type { FloatElement, Ptr } from '../api.js';
import { volume } from '../convolution.js';
import type { PoolGeometry } from '../pooling.js';
import { i32 } from '../../memory.js';
import { elementBytes, views } from '../views.js';
import { computesInJavaScript } from '../recording.js';

/** For each window its number, its places in the plane in order, and by what its sum is divided. */
function eachWindow(
  g: PoolGeometry,
  visit: (window: number, places: number[], divisor: number) => void,
): void {
  const [depth, height, width] = g.spans;
  let window = 0;
  for (let z = 0; z < g.counts[0]; z++)
    for (let y = 0; y < g.counts[1]; y++)
      for (let x = 0; x < g.counts[2]; x++) {
        const places: number[] = [];
        for (let d = 0; d < depth.lengths[z]; d++)
          for (let h = 0; h < height.lengths[y]; h++)
            for (let w = 0; w < width.lengths[x]; w++)
              places.push(
                ((depth.starts[z] + d * depth.step) * g.input[1] + height.starts[y] + h * height.step) *
                  g.input[2] +
                  width.starts[x] +
                  w * width.step,
              );
        visit(window++, places, depth.divisors[z] * height.divisors[y] * width.divisors[x]);
      }
}

export function maxPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr, places: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  for (let n = 0; n < g.planes; n++)
    eachWindow(g, (window, inside) => {
      const start = x / bytes + n * volume(g.input);
      let best = -Infinity;
      let found = inside.length > 0 ? inside[0] : -1;
      for (const place of inside) {
        const value = array[start + place];
        if (!(value <= best) && !Number.isNaN(best)) {
          best = value;
          found = place;
        }
      }
      const to = n * volume(g.counts) + window;
      array[out / bytes + to] = best;
      i32[places / 4 + to] = found;
    });
}

export function meanPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  for (let n = 0; n < g.planes; n++)
    eachWindow(g, (window, inside, divisor) => {
      const start = x / bytes + n * volume(g.input);
      const total = inside.reduce((sum, place) => sum + array[start + place], 0);
      array[out / bytes + n * volume(g.counts) + window] = total / divisor;
    });
}

export function meanPoolGrad(element: FloatElement, g: PoolGeometry, grad: Ptr, out: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  const totals = new Float64Array(g.planes * volume(g.input));
  for (let n = 0; n < g.planes; n++)
    eachWindow(g, (window, inside, divisor) => {
      const share = array[grad / bytes + n * volume(g.counts) + window] / divisor;
      for (const place of inside) totals[n * volume(g.input) + place] += share;
    });
  array.set(totals, out / bytes);
}

export function takePlaces(
  element: FloatElement,
  [planes, size, count]: readonly [number, number, number],
  x: Ptr,
  places: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  for (let i = 0; i < planes * count; i++) {
    const place = i32[places / 4 + i];
    array[out / bytes + i] = place < 0 ? 0 : array[x / bytes + Math.floor(i / count) * size + place];
  }
}

export function addPlaces(
  element: FloatElement,
  [planes, size, count]: readonly [number, number, number],
  values: Ptr,
  places: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  array.fill(0, out / bytes, out / bytes + planes * size);
  for (let i = 0; i < planes * count; i++) {
    const place = i32[places / 4 + i];
    if (place >= 0) array[out / bytes + Math.floor(i / count) * size + place] += array[values / bytes + i];
  }
}
