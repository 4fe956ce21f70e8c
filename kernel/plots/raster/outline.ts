/** Reads SVG path data into polygons: curves become short straight pieces. */

export interface Contour {
  /** x and y in turn. */
  points: number[];
  closed: boolean;
}

/** How far a straight piece may lie from its curve, in device pixels. */
const TOLERANCE = 0.15;

/**
 * @param scale device pixels a unit; the contours are in device pixels
 * @param tolerance in device pixels
 * @returns contours of at least two points; those with a number that is not finite are left out
 */
export function readPath(d: string, scale: number, tolerance = TOLERANCE): Contour[] {
  const reader = new PathReader(scale, tolerance);
  reader.read(d);
  return reader.contours.filter(({ points }) => points.length > 2 && areFinite(points));
}

function areFinite(values: readonly number[]): boolean {
  let sum = 0;
  // What is not finite stays so in a difference and in a sum.
  for (const value of values) sum += value - value;
  return sum === 0;
}

class PathReader {
  readonly contours: Contour[] = [];
  private points: number[] = [];
  /** Where the pen is, in device pixels. */
  private x = 0;
  private y = 0;
  private startX = 0;
  private startY = 0;

  constructor(
    private readonly scale: number,
    private readonly tolerance: number,
  ) {}

  read(d: string): void {
    let at = 0;
    let command = '';
    let count = 0;
    const numbers = [0, 0, 0, 0, 0, 0];
    while (at < d.length) {
      const code = d.charCodeAt(at);
      if (isLetter(code)) {
        command = d[at++];
        count = 0;
        if (command === 'Z' || command === 'z') this.close();
        continue;
      }
      if (code === 32 || code === 44) {
        at++;
        continue;
      }
      at = this.number(d, at);
      numbers[count++] = this.value;
      if (count < ARGUMENTS[command.toUpperCase()]) continue;
      count = 0;
      this.draw(command, numbers);
      // Further pairs behind a move are lines.
      if (command === 'M') command = 'L';
      if (command === 'm') command = 'l';
    }
    this.end(false);
  }

  /** What `number` read. */
  private value = 0;

  /** Reads a number and answers where it ends. Nearly all have few digits: no string is made of them. */
  private number(d: string, from: number): number {
    let at = from;
    const negative = d.charCodeAt(at) === 45;
    if (negative) at++;
    let digits = 0;
    let scale = 0;
    for (; at < d.length; at++) {
      const code = d.charCodeAt(at);
      if (code >= 48 && code <= 57) {
        digits = 10 * digits + code - 48;
        scale *= 10;
      } else if (code === 46 && scale === 0) scale = 1;
      else if (continuesNumber(code, d.charCodeAt(at - 1)) || at === from) {
        while (at < d.length && (at === from || continuesNumber(d.charCodeAt(at), d.charCodeAt(at - 1))))
          at++;
        this.value = Number(d.slice(from, at));
        return at;
      } else break;
    }
    const size = scale > 1 ? digits / scale : digits;
    this.value = negative ? -size : size;
    return at;
  }

  private draw(command: string, [a, b, c, d, e, f]: readonly number[]): void {
    const relative = command > 'Z';
    const { scale } = this;
    const [originX, originY] = relative ? [this.x, this.y] : [0, 0];
    const x = (value: number): number => originX + value * scale;
    const y = (value: number): number => originY + value * scale;
    switch (command.toUpperCase()) {
      case 'M':
        this.end(false);
        [this.startX, this.startY] = [x(a), y(b)];
        this.to(x(a), y(b));
        break;
      case 'L':
        this.to(x(a), y(b));
        break;
      case 'H':
        this.to(x(a), this.y);
        break;
      case 'V':
        this.to(this.x, y(a));
        break;
      case 'Q':
        this.quadratic(x(a), y(b), x(c), y(d));
        break;
      case 'C':
        this.cubic(x(a), y(b), x(c), y(d), x(e), y(f));
        break;
    }
  }

  private to(x: number, y: number): void {
    this.points.push(x, y);
    this.x = x;
    this.y = y;
  }

  private close(): void {
    const { startX, startY } = this;
    this.end(true);
    [this.x, this.y] = [startX, startY];
  }

  private end(closed: boolean): void {
    if (this.points.length > 2) this.contours.push({ points: this.points, closed });
    this.points = [];
  }

  /** In n pieces a quadratic lies |p0 - 2 p1 + p2| / 4 n² from its chords. */
  private quadratic(x1: number, y1: number, x2: number, y2: number): void {
    const { x: x0, y: y0 } = this;
    const bend = distance(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2);
    const n = pieces(Math.sqrt(bend / (4 * this.tolerance)));
    for (let i = 1; i <= n; i++) {
      const t = i / n;
      const u = 1 - t;
      this.to(u * u * x0 + 2 * u * t * x1 + t * t * x2, u * u * y0 + 2 * u * t * y1 + t * t * y2);
    }
  }

  private cubic(x1: number, y1: number, x2: number, y2: number, x3: number, y3: number): void {
    const { x: x0, y: y0 } = this;
    const bend = Math.max(
      distance(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2),
      distance(x1 - 2 * x2 + x3, y1 - 2 * y2 + y3),
    );
    const n = pieces(Math.sqrt((3 * bend) / (4 * this.tolerance)));
    for (let i = 1; i <= n; i++) {
      const t = i / n;
      const u = 1 - t;
      const a = u * u * u;
      const b = 3 * u * u * t;
      const c = 3 * u * t * t;
      const e = t * t * t;
      this.to(a * x0 + b * x1 + c * x2 + e * x3, a * y0 + b * y1 + c * y2 + e * y3);
    }
  }
}

/** `Math.hypot` takes care of numbers that pictures do not have, for several times the time. */
function distance(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

const ARGUMENTS: Readonly<Record<string, number>> = { M: 2, L: 2, H: 1, V: 1, Q: 4, C: 6 };
const MOST_PIECES = 64;

function pieces(wanted: number): number {
  return Math.max(1, Math.min(MOST_PIECES, Math.ceil(wanted)));
}

/** Of a command; `e` only stands in numbers, and N and I only in NaN and Infinity, which are numbers here. */
function isLetter(code: number): boolean {
  const upper = code & ~32;
  return upper >= 65 && upper <= 90 && code !== 101 && code !== 78 && code !== 73;
}

/** Digits, a point, an exponent with its sign, the letters of NaN and Infinity. */
function continuesNumber(code: number, before: number): boolean {
  if ((code >= 48 && code <= 57) || code === 46 || code === 101) return true;
  if (code === 45 || code === 43) return before === 101;
  return (before === 78 || before === 97) && (code === 97 || code === 78);
}
