/** Convolutions, and what is linear in their input, weight and result: loops that say what is meant. */
import type { FloatElement, Ptr } from '../api.js';
import { type ConvGeometry, volume } from '../convolution.js';
import { elementBytes, views } from '../views.js';
import { computesInJavaScript } from '../recording.js';

/** Positions in weight [O, C, …], input [N, G C, …] and result [N, G O, …] of all products that a convolution adds up. */
function eachProduct(g: ConvGeometry, visit: (weight: number, input: number, result: number) => void): void {
  const { samples, groups, channels, outChannels, input, kernel, counts, stride, padding, dilation } = g;
  const places = volume(kernel);
  const [area, outArea] = [volume(input), volume(counts)];
  for (let n = 0; n < samples; n++)
    for (let group = 0; group < groups; group++)
      for (let o = 0; o < outChannels; o++)
        for (let at = 0; at < outArea; at++) {
          const [z, y, x] = [
            Math.floor(at / (counts[1] * counts[2])),
            Math.floor(at / counts[2]) % counts[1],
            at % counts[2],
          ];
          const result = ((n * groups + group) * outChannels + o) * outArea + at;
          for (let c = 0; c < channels; c++)
            for (let k = 0; k < places; k++) {
              const d = z * stride[0] - padding[0] + Math.floor(k / (kernel[1] * kernel[2])) * dilation[0];
              const h = y * stride[1] - padding[1] + (Math.floor(k / kernel[2]) % kernel[1]) * dilation[1];
              const w = x * stride[2] - padding[2] + (k % kernel[2]) * dilation[2];
              if (d < 0 || d >= input[0] || h < 0 || h >= input[1] || w < 0 || w >= input[2]) continue;
              const plane = ((n * groups + group) * channels + c) * area;
              visit(
                ((group * outChannels + o) * channels + c) * places + k,
                plane + (d * input[1] + h) * input[2] + w,
                result,
              );
            }
        }
}

/** Sums in float64 of products, rounded once. */
function sums(element: FloatElement, count: number, out: Ptr, add: (array: Float64Array) => void): void {
  const totals = new Float64Array(count);
  add(totals);
  views[element].set(totals, out / elementBytes[element]);
}

export function conv(element: FloatElement, g: ConvGeometry, x: Ptr, weight: Ptr, bias: Ptr, out: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  const outArea = volume(g.counts);
  const channels = g.groups * g.outChannels;
  sums(element, g.samples * channels * outArea, out, (totals) => {
    if (bias !== 0)
      totals.forEach((_, i) => {
        totals[i] = array[bias / bytes + (Math.floor(i / outArea) % channels)];
      });
    eachProduct(g, (w, from, to) => {
      totals[to] += array[weight / bytes + w] * array[x / bytes + from];
    });
  });
}

export function convInputGrad(
  element: FloatElement,
  g: ConvGeometry,
  grad: Ptr,
  weight: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  sums(element, g.samples * g.groups * g.channels * volume(g.input), out, (totals) => {
    eachProduct(g, (w, to, from) => {
      totals[to] += array[weight / bytes + w] * array[grad / bytes + from];
    });
  });
}

export function convWeightGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, x: Ptr, out: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  sums(element, g.groups * g.outChannels * g.channels * volume(g.kernel), out, (totals) => {
    eachProduct(g, (to, from, result) => {
      totals[to] += array[x / bytes + from] * array[grad / bytes + result];
    });
  });
}
