/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) with 32-bit seeding, the engine of PyTorch's CPU
 * generator: the same seed gives the same stream of 32-bit integers.
 */

export const STATE_SIZE = 624;
const SHIFT = 397;
const UPPER_MASK = 0x80000000 | 0;
const LOWER_MASK = 0x7fffffff;

/** `upper` bit of one word and the rest of the next, shifted and multiplied by the twist matrix. */
function twist(word: number, next: number): number {
  const mixed = (word & UPPER_MASK) | (next & LOWER_MASK);
  return (mixed >>> 1) ^ (-(next & 1) & 0x9908b0df);
}

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

/** The engine: a state of 624 words and the position of the next one to hand out. */
export class Mt19937 {
  /** Words of the state; a copy of them and `position` restores the engine. */
  readonly state: Int32Array;
  readonly #words: Int32Array;

  /** @param words where the state is kept, and behind it the position: 625 words */
  constructor(seed: number, words: Int32Array = new Int32Array(STATE_SIZE + 1)) {
    this.#words = words;
    this.state = words.subarray(0, STATE_SIZE);
    this.seed(seed);
  }

  /** Index of the next word, from 0 to 624 (the state must be renewed first). */
  get position(): number {
    return this.#words[STATE_SIZE];
  }

  set position(index: number) {
    this.#words[STATE_SIZE] = index;
  }

  /** Starts the stream of a seed; only its low 32 bits matter. */
  seed(seed: number): void {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < STATE_SIZE; i++) {
      const previous = state[i - 1];
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.position = STATE_SIZE;
  }

  /** The next integer in [0, 2³²). */
  next(): number {
    if (this.position === STATE_SIZE) this.#renew();
    return temper(this.state[this.position++]) >>> 0;
  }

  /** Fills `out` with the next integers, as signed 32-bit words. */
  fill(out: Int32Array): void {
    const { state } = this;
    let done = 0;
    while (done < out.length) {
      if (this.position === STATE_SIZE) this.#renew();
      const count = Math.min(out.length - done, STATE_SIZE - this.position);
      for (let i = 0; i < count; i++) out[done + i] = temper(state[this.position + i]);
      this.position += count;
      done += count;
    }
  }

  #renew(): void {
    const { state } = this;
    const turn = STATE_SIZE - SHIFT;
    for (let i = 0; i < turn; i++) state[i] = state[i + SHIFT] ^ twist(state[i], state[i + 1]);
    for (let i = turn; i < STATE_SIZE - 1; i++) state[i] = state[i - turn] ^ twist(state[i], state[i + 1]);
    state[STATE_SIZE - 1] = state[SHIFT - 1] ^ twist(state[STATE_SIZE - 1], state[0]);
    this.position = 0;
  }
}
