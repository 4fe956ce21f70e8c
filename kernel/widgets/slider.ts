/** A slider: a number that a person sets while a loop uses it. */
import { formatValue } from './numbers.js';
import { SLIDER_CSS, SLIDER_ESM } from './slider-view.js';
import { Widget } from './widget.js';

export interface SliderOptions {
  /** Smallest value; default 0, or 1e-5 on a logarithmic scale. */
  min?: number;
  /** Largest value; default 1. */
  max?: number;
  /** Distance of two values; default a hundredth of the range. On a logarithmic scale it is a factor: the default goes in hundredths. */
  step?: number;
  /** Value at first; default the middle. */
  value?: number;
  /** What is written beside it. */
  label?: string;
  /** Equal distances are equal factors: right for learning rates. */
  log?: boolean;
}

/** The state that a slider shares with the page. */
export interface SliderState {
  value: number;
  min: number;
  max: number;
  step: number;
  label: string;
  log: boolean;
}

/** A number between two others that a person moves. */
export class Slider extends Widget<SliderState> {
  /** Use `slider({ … })`. */
  constructor(options: SliderOptions = {}) {
    const state = complete(options);
    super({
      esm: SLIDER_ESM,
      css: SLIDER_CSS,
      state,
      text: ({ label, value, min, max }) =>
        `${label === '' ? '' : `${label}: `}${formatValue(value)} (slider from ${formatValue(min)} to ${formatValue(max)})`,
    });
  }

  /** Where it stands now, also in the midst of a loop that never awaits. Setting it moves it. */
  get value(): number {
    return this.get('value');
  }

  set value(value: number) {
    if (!Number.isFinite(value)) throw new RangeError(`slider: the value must be finite, got ${value}`);
    this.set('value', Math.min(Math.max(value, this.get('min')), this.get('max')));
  }
}

/**
 * A slider: `const lr = slider({ min: 1e-4, max: 1, log: true, label: 'learning rate' })` shows it as the last line of a
 * cell; a loop in a later cell reads `lr.value` and sees each move at once.
 * @throws RangeError when the bounds are not finite, not in order, or not positive on a logarithmic scale.
 */
export function slider(options: SliderOptions = {}): Slider {
  return new Slider(options);
}

function complete({ log = false, label = '', ...given }: SliderOptions): SliderState {
  const { min = log ? 1e-5 : 0, max = 1 } = given;
  if (!Number.isFinite(min) || !Number.isFinite(max) || min >= max)
    throw new RangeError(`slider: 'min' must be below 'max' and both finite, got min ${min} and max ${max}`);
  if (log && min <= 0)
    throw new RangeError(`slider: on a logarithmic scale 'min' must be above 0, got ${min}`);
  const step = given.step ?? (log ? (max / min) ** 0.01 : (max - min) / 100);
  if (!Number.isFinite(step) || step <= (log ? 1 : 0))
    throw new RangeError(`slider: 'step' must be above ${log ? 1 : 0}, got ${step}`);
  const value = given.value ?? (log ? Math.sqrt(min * max) : (min + max) / 2);
  if (!(value >= min && value <= max))
    throw new RangeError(`slider: 'value' must lie from ${min} to ${max}, got ${value}`);
  return { value, min, max, step, label, log };
}
