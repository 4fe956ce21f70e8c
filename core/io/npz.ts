/** NumPy's .npz files: zip archives of .npy files. */
import { deflateRawSync } from 'node:zlib';
import type { StateDict } from '../nn/state.js';
import type { Tensor } from '../tensor.js';
import { crc32 } from './crc32.js';
import { fileByteLength } from './elements.js';
import { encodeNpy, npyHeader, readNpy } from './npy.js';
import { readNpyHeader } from './npy-header.js';
import { quote } from './quote.js';
import { writeAtomically } from './sink.js';
import { BytesSource, type FileInput, fillFrom, pathOf, withSource } from './source.js';
import { ZipArchive } from './zip.js';
import type { ZipEntry } from './zip-directory.js';
import { ZipWriter } from './zip-writer.js';

export interface SaveNpzOptions {
  /** Whether to compress the arrays (no), as `numpy.savez_compressed` does. */
  readonly compress?: boolean;
}

const ENDING = '.npy';
/** Headers are shorter than this, unless somebody made them long. */
const LONGEST_USUAL = 1024;

/**
 * The arrays of an .npz file by name, stored or deflated; see {@link loadNpy} for the dtypes.
 * @throws Error for archives that are damaged (checksums are checked) or hold something else than arrays
 */
export function loadNpz(input: FileInput): StateDict {
  return withSource(input, (source) => {
    const archive = new ZipArchive(source);
    const members = [...archive.entries.values()];
    for (const { name } of members) {
      if (!name.endsWith(ENDING)) {
        throw new Error(
          `npz ${source.name}: the member ${quote(name)} is not an array (its name does not end in ${ENDING})`,
        );
      }
    }
    const arrays = members.map((entry): [string, Tensor] => {
      const where = `npz ${source.name}: array ${quote(entry.name)}`;
      checkSize(where, entry, archive.beginning(entry));
      return [
        entry.name.slice(0, -ENDING.length),
        archive.read(entry, (fill) => readNpy(where, fill, entry.size)),
      ];
    });
    return Object.fromEntries(arrays);
  });
}

/**
 * A member ends where its array does. One that claims to go on is not decompressed: it would be a small file that fills
 * the memory.
 */
function checkSize(where: string, { size }: ZipEntry, beginning: Uint8Array): void {
  // A header longer than that is checked when it is read.
  if (beginning.length < size && beginning.length < LONGEST_USUAL) return;
  const { length, dataLength } = readNpyHeader(where, fillFrom(new BytesSource(beginning), 0), size);
  if (length + dataLength === size) return;
  throw new Error(
    `${where}: has ${size} bytes, but its array ends after ${length + dataLength}; it is not decompressed`,
  );
}

/** Writes tensors as an .npz file that `numpy.load` reads; it appears whole or not at all. */
export function saveNpz(path: string | URL, arrays: Readonly<StateDict>, options: SaveNpzOptions = {}): void {
  writeAtomically(pathOf(path), (sink) => {
    const zip = new ZipWriter(sink);
    for (const [name, x] of Object.entries(arrays)) {
      const operation = `saveNpz: array ${quote(name)}`;
      const member = `${name}${ENDING}`;
      const size = npyHeader(x).length + fileByteLength(x);
      if (options.compress) {
        const whole = new Uint8Array(size);
        let at = 0;
        encodeNpy(x, operation, (bytes) => {
          whole.set(bytes, at);
          at += bytes.length;
        });
        const compressed = deflateRawSync(whole);
        zip.add(
          member,
          { method: 8, crc: crc32(whole), size, compressedSize: compressed.length },
          (write) => {
            write(compressed);
          },
        );
      } else {
        let crc = 0;
        encodeNpy(x, operation, (bytes) => (crc = crc32(bytes, crc)));
        zip.add(member, { method: 0, crc, size, compressedSize: size }, (write) => {
          encodeNpy(x, operation, write);
        });
      }
    }
    zip.finish();
  });
}
