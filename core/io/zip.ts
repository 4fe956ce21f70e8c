/** Reading the members of a zip archive, without extracting anything. */
import { constants, inflateRawSync } from 'node:zlib';
import { memory } from '../storage.js';
import { crc32 } from './crc32.js';
import { quote } from './quote.js';
import { BytesSource, type Fill, fillFrom, readBytes, type Source } from './source.js';
import { LOCAL, LOCAL_SIZE, readZipDirectory, type ZipEntry } from './zip-directory.js';

/** What `beginning` reads of a member: decompressed, at most a thousand times as much. */
const BEGINNING = 4096;

/** An archive whose directory was read and checked. */
export class ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;

  /** @throws Error where the directory is not sound */
  constructor(private readonly source: Source) {
    this.entries = readZipDirectory(source);
  }

  get name(): string {
    return this.source.name;
  }

  /**
   * Reads a member in order by `read`, then checks that all of it agrees with its checksum. A stored one goes from the
   * file to where it is wanted; a deflated one is decompressed first.
   */
  read<T>(entry: ZipEntry, read: (fill: Fill) => T): T {
    const where = `zip ${this.name}: member ${quote(entry.name)}`;
    const begin = this.dataBegin(where, entry);
    const fill =
      entry.method === 'stored'
        ? fillFrom(this.source, begin)
        : fillFrom(new BytesSource(this.inflate(where, entry, begin), where), 0);
    let crc = 0;
    let taken = 0;
    const checked: Fill = (target) => {
      taken += target.length;
      if (taken > entry.size) throw new Error(`${where}: ends too early, after ${entry.size} bytes`);
      fill(target);
      crc = crc32(target, crc);
    };
    const result = read(checked);
    const rest = new Uint8Array(Math.min(entry.size - taken, 2 ** 16));
    while (taken < entry.size) checked(rest.subarray(0, Math.min(rest.length, entry.size - taken)));
    if (crc !== entry.crc) throw new Error(`${where}: is damaged: its checksum does not match its data`);
    return result;
  }

  /** The first bytes of a member, some thousands if it has as many, without reading or decompressing the rest. */
  beginning(entry: ZipEntry): Uint8Array {
    const where = `zip ${this.name}: member ${quote(entry.name)}`;
    const begin = this.dataBegin(where, entry);
    const bytes = readBytes(this.source, begin, Math.min(BEGINNING, entry.compressedSize));
    if (entry.method === 'stored') return bytes;
    try {
      return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    } catch (error) {
      throw new Error(`${where}: cannot be decompressed`, { cause: error });
    }
  }

  /** A member's bytes, of which there are few. @throws Error for more than `limit` */
  bytes(entry: ZipEntry, limit: number): Uint8Array {
    if (entry.size > limit) {
      throw new Error(
        `zip ${this.name}: member ${quote(entry.name)} has ${entry.size} bytes, more than ${limit} are not read`,
      );
    }
    return this.read(entry, (fill) => {
      const bytes = new Uint8Array(entry.size);
      fill(bytes);
      return bytes;
    });
  }

  /** Where the data begin: behind the local header, which has to agree with the directory. */
  private dataBegin(where: string, entry: ZipEntry): number {
    const header = new DataView(readBytes(this.source, entry.begin, LOCAL_SIZE).buffer);
    if (header.getUint32(0, true) !== LOCAL)
      throw new Error(`${where}: there is no member at ${entry.begin}`);
    const nameLength = header.getUint16(26, true);
    const begin = entry.begin + LOCAL_SIZE + nameLength + header.getUint16(28, true);
    if (begin + entry.compressedSize > this.source.size) throw new Error(`${where}: ends beyond the archive`);
    const name = new TextDecoder().decode(readBytes(this.source, entry.begin + LOCAL_SIZE, nameLength));
    const method = header.getUint16(8, true);
    if (name !== entry.name || method !== (entry.method === 'stored' ? 0 : 8)) {
      throw new Error(
        `${where}: the archive's directory and the member itself (${quote(name)}) do not agree`,
      );
    }
    return begin;
  }

  private inflate(where: string, entry: ZipEntry, begin: number): Uint8Array {
    const { limit } = memory();
    if (entry.size > limit) {
      throw new RangeError(`${where}: claims ${entry.size} bytes, more than the memory limit of ${limit}`);
    }
    let bytes: Uint8Array;
    try {
      const compressed = readBytes(this.source, begin, entry.compressedSize);
      bytes = inflateRawSync(compressed, { maxOutputLength: Math.max(1, entry.size) });
    } catch (error) {
      throw new Error(
        `${where}: cannot be decompressed to the ${entry.size} bytes it claims: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
    if (bytes.length !== entry.size) {
      throw new Error(`${where}: decompresses to ${bytes.length} bytes, and claims ${entry.size}`);
    }
    return bytes;
  }
}
