/**
 * Colours that follow the theme of the frontend. JupyterLab and VS Code draw specifications with Vega's dark theme, which
 * sets the signal `background`: what a colour is on the ground at hand is asked there.
 */
import { themedLine, themedText, type Themed } from '../scene/style.js';
import type { Json, JsonObject } from './vega-table.js';

/** Of the picture's font where a browser has it; the others are no wider. */
export const VEGA_FONT = 'Inter, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';
/** As a colour: that of the ground, whichever it is. */
const GROUND = 'background';
const WHITE = '#ffffff';
/** Grounds of less luminance are dark; one that is not known is not. */
const DARK = 0.2;

/** The colours of one specification; its rows name them by number, or as they are where they are the same on every ground. */
export class Inks {
  private readonly numbers = new Map<string, number>();
  private readonly pairs: Themed[] = [];

  /** Of words on the ground. */
  text(color: string): string {
    return this.number(themedText(color));
  }

  /** Of lines and dots on the ground; what is white on paper has the colour of the ground. */
  line(color: string): string {
    return color === WHITE ? this.number([GROUND, GROUND]) : this.number(themedLine(color));
  }

  private number(pair: Themed): string {
    const [light, dark] = pair;
    if (light === dark && light !== GROUND) return light;
    const key = pair.join();
    const number = this.numbers.get(key) ?? this.pairs.push(pair) - 1;
    this.numbers.set(key, number);
    return String(number);
  }

  /** Whether it stands for a colour, and is none. */
  isNumber(name: string | number | undefined): boolean {
    return name !== undefined && /^\d+$/.test(String(name));
  }

  /** A colour that was asked for here as a mark's property. */
  property(name: string): Json {
    return this.isNumber(name) ? { expr: `ink[${name}]` } : name;
  }

  /** Turns what rows name in these fields into colours. */
  transform(fields: readonly string[]): JsonObject[] {
    return this.pairs.length === 0
      ? []
      : fields.map((field) => ({ calculate: `ink[datum.${field}] || datum.${field}`, as: field }));
  }

  /** What the specification must say of its colours, when all have been asked for. */
  params(): JsonObject {
    if (this.pairs.length === 0) return {};
    const list = (of: 0 | 1): string =>
      `[${this.pairs.map((pair) => (pair[of] === GROUND ? GROUND : `'${pair[of]}'`)).join()}]`;
    return {
      params: [{ name: 'ink', expr: `luminance(background) < ${DARK} ? ${list(1)} : ${list(0)}` }],
    };
  }
}
