/** Writing zip archives of up to 4 GiB. */
import type { Sink } from './sink.js';
import { quote } from './quote.js';

/** A member, described before it is written. */
export interface MemberDescription {
  /** 0: stored, 8: deflated. */
  readonly method: 0 | 8;
  /** Of the uncompressed bytes. */
  readonly crc: number;
  readonly size: number;
  readonly compressedSize: number;
}

const LARGEST = 0xffffffff;
const UTF8_NAME = 0x0800;
/** 1 January 1980: the same content gives the same file. */
const DATE = 0x21;

export class ZipWriter {
  readonly #directory: Uint8Array[] = [];

  constructor(private readonly sink: Sink) {}

  /** Appends a member. @throws RangeError where the archive would grow beyond 4 GiB */
  add(
    name: string,
    member: MemberDescription,
    writeData: (write: (bytes: Uint8Array) => void) => void,
  ): void {
    const encoded = new TextEncoder().encode(name);
    const begin = this.sink.position;
    if (encoded.length > 0xffff) throw new RangeError(`zip: the name ${quote(name)} is too long`);
    if (Math.max(member.size, begin + 30 + encoded.length + member.compressedSize) > LARGEST) {
      throw new RangeError(
        `zip: with ${quote(name)} the archive would grow beyond 4 GiB; write several, or a safetensors file`,
      );
    }
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    writeCommon(local, 4, member, encoded.length);
    this.sink.write(new Uint8Array(local.buffer));
    this.sink.write(encoded);
    writeData((bytes) => {
      this.sink.write(bytes);
    });

    const central = new Uint8Array(46 + encoded.length);
    const view = new DataView(central.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(4, 20, true);
    writeCommon(view, 6, member, encoded.length);
    view.setUint32(42, begin, true);
    central.set(encoded, 46);
    this.#directory.push(central);
  }

  /** Writes the directory. */
  finish(): void {
    const begin = this.sink.position;
    for (const entry of this.#directory) this.sink.write(entry);
    const size = this.sink.position - begin;
    if (this.sink.position > LARGEST || this.#directory.length > 0xffff) {
      throw new RangeError('zip: too much for one archive; write several, or a safetensors file');
    }
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, this.#directory.length, true);
    end.setUint16(10, this.#directory.length, true);
    end.setUint32(12, size, true);
    end.setUint32(16, begin, true);
    this.sink.write(new Uint8Array(end.buffer));
  }
}

/** What the local header and the directory have in common, in the same order. */
function writeCommon(view: DataView, at: number, member: MemberDescription, nameLength: number): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8_NAME, true);
  view.setUint16(at + 4, member.method, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, member.crc, true);
  view.setUint32(at + 14, member.compressedSize, true);
  view.setUint32(at + 18, member.size, true);
  view.setUint16(at + 22, nameLength, true);
}
