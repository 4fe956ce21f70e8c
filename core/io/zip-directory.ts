/** The directory of a zip archive: which members there are and where, all of it checked before a member is read. */
import { quote } from './quote.js';
import { readBytes, type Source } from './source.js';

/** One member. */
export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** First byte of its local header. */
  readonly begin: number;
}

const END = 0x06054b50;
const END_SIZE = 22;
const LARGEST_COMMENT = 0xffff;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_SIZE = 20;
const ZIP64_END = 0x06064b50;
const ZIP64_END_SIZE = 56;
const CENTRAL = 0x02014b50;
const CENTRAL_SIZE = 46;
const LARGEST_DIRECTORY = 2 ** 28;
/** Deflate makes at most 1032 bytes of one. */
const LARGEST_RATIO = 1032;

interface DirectoryPlace {
  readonly begin: number;
  readonly size: number;
  readonly count: number;
}

/** Reads the directory. @throws Error for archives that are cut off, inconsistent, encrypted, or have names that are no names */
export function readZipDirectory(source: Source): ReadonlyMap<string, ZipEntry> {
  const where = `zip ${source.name}`;
  const place = findDirectory(where, source);
  if (place.size > LARGEST_DIRECTORY || place.count * CENTRAL_SIZE > place.size) {
    throw new Error(`${where}: the directory claims ${place.count} members in ${place.size} bytes`);
  }
  const bytes = readBytes(source, place.begin, place.size);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < place.count; i++) {
    if (at + CENTRAL_SIZE > bytes.length || view.getUint32(at, true) !== CENTRAL) {
      throw new Error(`${where}: the directory is damaged at member ${i + 1} of ${place.count}`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + CENTRAL_SIZE + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) throw new Error(`${where}: the directory ends inside member ${i + 1}`);
    const nameEnd = at + CENTRAL_SIZE + nameLength;
    const name = checkName(where, bytes.subarray(at + CENTRAL_SIZE, nameEnd));
    if (entries.has(name)) throw new Error(`${where}: has the member ${quote(name)} twice`);
    const extra = new DataView(bytes.buffer, nameEnd, extraLength);
    entries.set(name, readEntry(`${where}: member ${quote(name)}`, name, view, at, extra));
    at = next;
  }
  checkPlaces(where, entries, place.begin);
  return entries;
}

function findDirectory(where: string, source: Source): DirectoryPlace {
  const tailLength = Math.min(source.size, END_SIZE + LARGEST_COMMENT);
  const tail = readBytes(source, source.size - tailLength, tailLength);
  const view = new DataView(tail.buffer);
  for (let at = tailLength - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) !== tailLength) continue;
    const end = source.size - tailLength + at;
    if (view.getUint16(at + 4, true) !== view.getUint16(at + 6, true)) {
      throw new Error(`${where}: is one part of an archive of several files`);
    }
    const place = zip64Directory(where, source, end) ?? {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      begin: view.getUint32(at + 16, true),
      end,
    };
    if (place.begin + place.size !== place.end) {
      throw new Error(
        `${where}: the directory is said to be ${place.size} bytes from ${place.begin} on, but it ends at ${place.end}`,
      );
    }
    return place;
  }
  throw new Error(`${where}: is not a zip archive, or is cut off (there is no directory at its end)`);
}

/** The directory of archives with more than 4 GiB or 65535 members. */
function zip64Directory(
  where: string,
  source: Source,
  end: number,
): (DirectoryPlace & { readonly end: number }) | null {
  if (end < ZIP64_LOCATOR_SIZE + ZIP64_END_SIZE) return null;
  const locator = new DataView(readBytes(source, end - ZIP64_LOCATOR_SIZE, ZIP64_LOCATOR_SIZE).buffer);
  if (locator.getUint32(0, true) !== ZIP64_LOCATOR) return null;
  const at = Number(locator.getBigUint64(8, true));
  if (at > end - ZIP64_LOCATOR_SIZE - ZIP64_END_SIZE) {
    throw new Error(`${where}: says that its zip64 directory is at ${at}, beyond its end`);
  }
  const record = new DataView(readBytes(source, at, ZIP64_END_SIZE).buffer);
  if (record.getUint32(0, true) !== ZIP64_END) throw new Error(`${where}: has no zip64 directory at ${at}`);
  return {
    count: Number(record.getBigUint64(32, true)),
    size: Number(record.getBigUint64(40, true)),
    begin: Number(record.getBigUint64(48, true)),
    end: at,
  };
}

/** Nothing is ever extracted, but a name that leads out of a folder is a sign of malice. */
function checkName(where: string, bytes: Uint8Array): string {
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`${where}: the name of a member is not UTF-8`);
  }
  const parts = name.split('/');
  if (name === '' || name.includes('\0') || name.includes('\\') || /^[a-z]:/i.test(name) || parts[0] === '') {
    throw new Error(`${where}: ${quote(name)} is not a name of a member (a relative path with "/")`);
  }
  if (parts.includes('..')) throw new Error(`${where}: the member ${quote(name)} leads out of the archive`);
  return name;
}

function readEntry(where: string, name: string, view: DataView, at: number, extra: DataView): ZipEntry {
  if (view.getUint16(at + 8, true) & 1) throw new Error(`${where} is encrypted`);
  const method = view.getUint16(at + 10, true);
  if (method !== 0 && method !== 8) {
    throw new Error(`${where} is compressed by method ${method}; stored (0) and deflated (8) can be read`);
  }
  // Sizes that do not fit 32 bits are in the extra field, in this order.
  const wide = zip64Field(extra);
  const number = (offset: number): number => {
    const value = view.getUint32(at + offset, true);
    return value === 0xffffffff ? (wide.shift() ?? value) : value;
  };
  const size = number(24);
  const compressedSize = number(20);
  const begin = number(42);
  if (![size, compressedSize, begin].every(Number.isSafeInteger))
    throw new Error(`${where} has sizes that overflow`);
  if (method === 0 ? size !== compressedSize : size > compressedSize * LARGEST_RATIO) {
    throw new Error(`${where} claims ${size} bytes of ${compressedSize} in the archive, which cannot be`);
  }
  return {
    name,
    method: method === 0 ? 'stored' : 'deflated',
    crc: view.getUint32(at + 16, true),
    compressedSize,
    size,
    begin,
  };
}

function zip64Field(extra: DataView): number[] {
  let at = 0;
  while (at + 4 <= extra.byteLength) {
    const length = Math.min(extra.getUint16(at + 2, true), extra.byteLength - at - 4);
    if (extra.getUint16(at, true) === 1) {
      return Array.from({ length: Math.floor(length / 8) }, (_, i) =>
        Number(extra.getBigUint64(at + 4 + 8 * i, true)),
      );
    }
    at += 4 + length;
  }
  return [];
}

/** Members lie one behind the other before the directory: overlapping ones would make much of little. */
function checkPlaces(where: string, entries: ReadonlyMap<string, ZipEntry>, directory: number): void {
  const sorted = [...entries.values()].sort((a, b) => a.begin - b.begin);
  sorted.forEach((entry, i) => {
    const limit = i + 1 < sorted.length ? sorted[i + 1].begin : directory;
    if (entry.begin + LOCAL_SIZE + entry.compressedSize > limit) {
      throw new Error(
        `${where}: member ${quote(entry.name)} (${entry.compressedSize} bytes from ${entry.begin} on) ends beyond ${limit}, ` +
          'where something else begins',
      );
    }
  });
}

/** Bytes of a member's local header without its name and extra field. */
export const LOCAL_SIZE = 30;
export const LOCAL = 0x04034b50;
