/** Tensors as notebooks show them: text and HTML, both bounded, with a picture whose pixels are the elements. */
import { arange, manualSeed, ones, randn, rand, tensor, Tensor, zeros } from 'nabla';
import { describe, expect, it } from 'vitest';
import { readPng } from './png-reader.js';

function bundle(x: Tensor): Record<string, string> {
  const method: unknown = Reflect.get(x, Symbol.for('Jupyter.display'));
  if (typeof method !== 'function') throw new TypeError('a tensor does not display itself');
  return Reflect.apply(method, x, []) as Record<string, string>;
}

function html(x: Tensor): string {
  return bundle(x)['text/html'];
}

/** The picture in the markup, and the size it is shown at. */
function image(x: Tensor): {
  width: number;
  height: number;
  shown: [number, number];
  rgb: (x: number, y: number) => number[];
} {
  const match = /<img src="data:image\/png;base64,([^"]+)" width="(\d+)" height="(\d+)"/.exec(html(x));
  if (match === null) throw new Error('no picture');
  const { width, height, palette, pixels } = readPng(Buffer.from(match[1], 'base64'));
  return {
    width,
    height,
    shown: [Number(match[2]), Number(match[3])],
    rgb: (column, row) => palette[pixels[row * width + column]],
  };
}

const BLUE = [8, 81, 156];
const RED = [165, 15, 21];
const MAGENTA = [232, 62, 168];
const YELLOW = [242, 183, 5];

describe('a tensor in a notebook', () => {
  it('is its text, and HTML of the same text with statistics', () => {
    const x = tensor(
      [
        [1, -2],
        [3, 4.5],
      ],
      { requiresGrad: true },
    ).mul(1);
    const shown = bundle(x);
    expect(shown['text/plain']).toBe(String(x));
    expect(shown['text/html']).toContain('shape=[2, 2], dtype=float32, gradFn=&#60;MulBackward&#62;');
    expect(shown['text/html']).toContain('<b>min</b>&nbsp;-2');
    expect(shown['text/html']).toContain('<b>mean</b>&nbsp;1.625');
    expect(shown['text/html']).toContain('<b>max</b>&nbsp;4.5');
    expect(shown['text/html']).not.toMatch(/<script|<style|<svg|var\(/);
  });

  it('has a pixel an element, from blue through white to red where signs differ', () => {
    const picture = image(
      tensor([
        [-2, 0, 2],
        [2, 1, -2],
      ]),
    );
    expect([picture.width, picture.height]).toEqual([3, 2]);
    expect(picture.shown[0] / 3).toBe(picture.shown[1] / 2);
    expect(picture.rgb(0, 0)).toEqual(BLUE);
    expect(picture.rgb(2, 0)).toEqual(RED);
    expect(picture.rgb(2, 1)).toEqual(BLUE);
    expect(Math.min(...picture.rgb(1, 0))).toBeGreaterThan(225);
  });

  it('marks NaN and infinity, and counts them', () => {
    const x = tensor([
      [NaN, 1],
      [2, Infinity],
      [NaN, 3],
    ]);
    const picture = image(x);
    expect(picture.rgb(0, 0)).toEqual(MAGENTA);
    expect(picture.rgb(0, 2)).toEqual(MAGENTA);
    expect(picture.rgb(1, 1)).toEqual(YELLOW);
    expect(html(x)).toMatch(/NaN<\/b>&nbsp;2 .*Inf<\/b>&nbsp;1</);
    expect(html(x)).toContain('<b>mean</b>&nbsp;2');
    // A single one among a million elements is seen.
    const large = zeros([1000, 1000]);
    large.set([500, 500], NaN);
    expect(image(large).rgb(32, 32)).toEqual(MAGENTA);
  });

  it('counts booleans, and shows integers and halves', () => {
    expect(html(tensor([true, true, false]))).toMatch(/<b>true<\/b>&nbsp;2 .*<b>false<\/b>&nbsp;1/);
    expect(html(arange(10))).toContain('<b>mean</b>&nbsp;4.5');
    expect(html(tensor([1, 2.5], { dtype: 'bfloat16' }))).toContain('<b>max</b>&nbsp;2.5');
  });

  it('tells the size of the gradient of a leaf', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.mul(tensor([3, 4]))
      .sum()
      .backward();
    expect(html(w)).toContain('<b>|grad|</b>&nbsp;5');
  });

  it('is only text with fewer than two elements', () => {
    expect(html(tensor(3))).toBe('<div><pre style="margin:0">tensor(3., dtype=float32)</pre></div>');
    expect(html(zeros([0, 3]))).not.toContain('<img');
  });

  it('stands side by side where it has more dimensions than two', () => {
    const picture = image(rand([3, 1, 5, 4]));
    expect([picture.width, picture.height]).toEqual([3 * 4 + 2, 5]);
    expect(html(rand([20, 5, 4]))).toContain('the first 8 of 20 matrices');
  });

  it('is bounded, however large and of however many dimensions', () => {
    manualSeed(1);
    for (const x of [randn([3000, 2000]), randn([2 ** 21]), randn([31, 32]), randn([40, 3, 64, 64])]) {
      expect(html(x).length).toBeLessThan(26_000);
    }
    expect(html(randn([3000, 2000]))).toContain('<b>mean</b>&nbsp;≈');
    expect(html(ones([1]).expand(1e5, 1e4)).length).toBeLessThan(8000);
    for (const shape of [[7, 7, 7, 7, 7, 7], new Array<number>(20).fill(2), new Array<number>(9).fill(5)]) {
      const x = zeros(shape);
      expect(String(x).length, `${shape.length} dimensions`).toBeLessThan(20_000);
      expect(html(x).length).toBeLessThan(26_000);
    }
  });
});
