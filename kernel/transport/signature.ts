/** Signatures: HMAC over the four JSON frames as sent, never over the buffers. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { MalformedMessage } from '../protocol/message.js';

/** How many signatures are remembered, so that a recorded message cannot be sent again. */
export const REMEMBERED = 2 ** 16;

/** Signs what leaves and checks what arrives, for one connection key. */
export class Signer {
  readonly #key: string;
  readonly #hash: string;
  readonly #seen = new Set<string>();

  readonly #remembered: number;

  /** An empty key means that messages are not signed. */
  constructor(key: string, hash: string, remembered = REMEMBERED) {
    this.#key = key;
    this.#hash = hash;
    this.#remembered = remembered;
  }

  /** The signature of the frames in hexadecimal; empty without a key. */
  sign(frames: readonly (string | Uint8Array)[]): string {
    if (this.#key === '') return '';
    const hmac = createHmac(this.#hash, this.#key);
    for (const frame of frames) hmac.update(frame);
    return hmac.digest('hex');
  }

  /** Throws `MalformedMessage` unless the signature is right and new. */
  verify(signature: Uint8Array, frames: readonly Uint8Array[]): void {
    if (this.#key === '') return;
    if (signature.length === 0) throw new MalformedMessage('it is not signed');
    const expected = this.sign(frames);
    const wanted = Buffer.from(expected, 'latin1');
    if (signature.length !== wanted.length || !timingSafeEqual(signature, wanted))
      throw new MalformedMessage('its signature does not match the connection key');
    if (this.#seen.has(expected)) throw new MalformedMessage('its signature was used before (replayed)');
    this.#seen.add(expected);
    if (this.#seen.size > this.#remembered) {
      // A Set iterates in order of insertion: the first is the oldest.
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
  }
}
