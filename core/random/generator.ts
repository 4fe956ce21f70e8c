/** The random number generator as PyTorch's `torch.Generator` on the CPU: seeding, drawing, and saving its state. */
import { GENERATOR_STATE, i32 } from '../memory.js';
import { Mt19937, STATE_SIZE } from './mt19937.js';

/** Seed of a `new Generator()`, PyTorch's `default_rng_seed_val`. */
const DEFAULT_SEED = 67280421310721;

/** A seed: an integer; of values beyond 64 bits only the low 64 bits are kept. */
export type Seed = number | bigint;

// Layout of PyTorch's state (`Generator.get_state()`), so that one saved there continues here: initial seed, words
// left, flags, position, the 624 words widened to 64 bits, then the cached normal sample.
const STATE_BYTES = 5056;
const LEFT = 8;
const SEEDED = 12;
const POSITION = 16;
const WORDS = 24;
const NORMAL = WORDS + 8 * STATE_SIZE + 8;
const NORMAL_VALID = NORMAL + 16;

/**
 * A stream of random numbers: PyTorch's CPU generator (Mersenne Twister), with the same numbers for the same seed.
 * Every random function takes one as `{ generator }`; without it they share the default generator, which
 * {@link manualSeed} seeds.
 */
export class Generator {
  #engine: Mt19937;
  #initialSeed: bigint;
  /** The second half of the last pair of normal samples, kept for the next call (`null`: none). */
  #normal: number | null = null;

  /**
   * A generator with PyTorch's default seed.
   * @param words where its state is kept (625 words): an array of its own
   */
  constructor(words?: Int32Array) {
    this.#initialSeed = BigInt(DEFAULT_SEED);
    this.#engine = new Mt19937(lowBits(this.#initialSeed), words);
  }

  /**
   * Starts the sequence of `seed` and returns the generator itself.
   * @throws RangeError if the seed is not an integer (or beyond 2⁵³ and not a bigint).
   */
  manualSeed(seed: Seed): this {
    if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
      throw new RangeError(
        `manualSeed: the seed must be an integer of at most 53 bits or a bigint, got ${seed}`,
      );
    }
    this.#initialSeed = BigInt.asUintN(64, BigInt(seed));
    this.#engine.seed(lowBits(this.#initialSeed));
    this.#normal = null;
    return this;
  }

  /** Seeds with a number that no one can foresee and returns that number. */
  seed(): number {
    const words = crypto.getRandomValues(new Uint32Array(2));
    const seed = (words[0] & 0x1fffff) * 2 ** 32 + words[1];
    this.manualSeed(seed);
    return seed;
  }

  /** The seed this generator was last seeded with. */
  initialSeed(): Seed {
    const seed = this.#initialSeed;
    return seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : seed;
  }

  /** The next integer in [0, 2³²). */
  random(): number {
    return this.#engine.next();
  }

  /** The next integer in [0, 2⁶⁴), of two draws, the first one giving the high half. */
  random64(): bigint {
    const high = this.#engine.next();
    return (BigInt(high) << 32n) | BigInt(this.#engine.next());
  }

  /** Fills `out` with draws, as signed 32-bit words (faster than one by one). */
  randomWords(out: Int32Array): void {
    this.#engine.fill(out);
  }

  /** A number in [0, 1) with 24 random bits: one draw. */
  uniform24(): number {
    return (this.#engine.next() & 0xffffff) * 2 ** -24;
  }

  /** A number in [0, 1) with 53 random bits: two draws. */
  uniform53(): number {
    const high = this.#engine.next() & 0x1fffff;
    return (high * 2 ** 32 + this.#engine.next()) * 2 ** -53;
  }

  /**
   * A standard normal number by the Box-Muller transform: z₁ = r cos θ, z₂ = r sin θ with r = √(-2 ln(1 - u₂)) and
   * θ = 2π u₁; the second one is kept for the next call.
   */
  normal(): number {
    const kept = this.#normal;
    if (kept !== null) {
      this.#normal = null;
      return kept;
    }
    const theta = 2 * Math.PI * this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.#normal = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }

  /** The state as PyTorch lays it out in 5,056 bytes; {@link setState} continues from it. */
  getState(): Uint8Array {
    const bytes = new Uint8Array(STATE_BYTES);
    const view = new DataView(bytes.buffer);
    const { state, position } = this.#engine;
    view.setBigUint64(0, this.#initialSeed, true);
    view.setInt32(LEFT, Math.min(STATE_SIZE, STATE_SIZE + 1 - position), true);
    view.setInt32(SEEDED, 1, true);
    view.setUint32(POSITION, position, true);
    for (let i = 0; i < STATE_SIZE; i++) view.setInt32(WORDS + 8 * i, state[i], true);
    if (this.#normal !== null) {
      view.setFloat64(NORMAL, this.#normal, true);
      view.setInt32(NORMAL_VALID, 1, true);
    }
    return bytes;
  }

  /**
   * Continues from a state of {@link getState} or of PyTorch's `get_state()`.
   * @throws RangeError if it is not such a state; the generator is left as it was.
   */
  setState(state: Uint8Array): this {
    if (state.length !== STATE_BYTES) {
      throw new RangeError(`setState: a generator's state has ${STATE_BYTES} bytes, got ${state.length}`);
    }
    const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
    const left = view.getInt32(LEFT, true);
    const next = view.getUint32(POSITION, true);
    if (left < 1 || left > STATE_SIZE || next > STATE_SIZE) {
      throw new RangeError(`setState: not a generator's state (${left} words left at position ${next})`);
    }
    this.#initialSeed = view.getBigUint64(0, true);
    // With one word "left" the next draw renews the state, wherever the position is.
    this.#engine.position = left === 1 ? STATE_SIZE : next;
    for (let i = 0; i < STATE_SIZE; i++) this.#engine.state[i] = view.getInt32(WORDS + 8 * i, true);
    this.#normal = view.getInt32(NORMAL_VALID, true) === 1 ? view.getFloat64(NORMAL, true) : null;
    return this;
  }

  /** A generator at the same point of the same sequence. */
  clone(): Generator {
    return copyOf(this);
  }

  toString(): string {
    return `Generator(initialSeed=${this.initialSeed()})`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Outside of the class, because bundlers rename classes that mention themselves, and the name is what is printed. */
function copyOf(generator: Generator): Generator {
  return new Generator().setState(generator.getState());
}

function lowBits(seed: bigint): number {
  return Number(BigInt.asIntN(32, seed));
}

/**
 * The generator of all random functions that are not given one. Its first seed differs in every process. Its state is in
 * the tensor memory, where kernels draw from it (`mask.ts`).
 */
export const defaultGenerator = new Generator(
  i32.subarray(GENERATOR_STATE / 4, GENERATOR_STATE / 4 + STATE_SIZE + 1),
);
defaultGenerator.seed();

/**
 * Seeds the default generator: everything random that follows is repeated exactly, with PyTorch's numbers.
 * @example manualSeed(0); rand(3); // 0.4963, 0.7682, 0.0885
 */
export function manualSeed(seed: Seed): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Seeds the default generator with an unforeseeable number, which is returned. */
export function seed(): number {
  return defaultGenerator.seed();
}

/** The seed the default generator was last seeded with. */
export function initialSeed(): Seed {
  return defaultGenerator.initialSeed();
}

/** The default generator's state; see {@link Generator.getState}. */
export function getRngState(): Uint8Array {
  return defaultGenerator.getState();
}

/** Sets the default generator's state; see {@link Generator.setState}. */
export function setRngState(state: Uint8Array): void {
  defaultGenerator.setState(state);
}
