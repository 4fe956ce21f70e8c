/** Checksums of 32 bits, eight bytes at a time: that of zip archives, and that of TensorFlow's records. */

let zip: Uint32Array[] | undefined;
let castagnoli: Uint32Array[] | undefined;

function makeTables(polynomial: number): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[0][byte] = crc;
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[k - 1][byte];
      tables[k][byte] = (before >>> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

/** CRC-32 (polynomial 0xEDB88320, reflected) of `bytes` behind what `before` is the checksum of. */
export const crc32 = (bytes: Uint8Array, before = 0): number =>
  checksum((zip ??= makeTables(0xedb88320)), bytes, before);

/** CRC-32C (Castagnoli, polynomial 0x82F63B78, reflected). */
export const crc32c = (bytes: Uint8Array, before = 0): number =>
  checksum((castagnoli ??= makeTables(0x82f63b78)), bytes, before);

function checksum(tables: Uint32Array[], bytes: Uint8Array, before: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let crc = ~before;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc =
      t7[crc & 0xff] ^
      t6[(crc >>> 8) & 0xff] ^
      t5[(crc >>> 16) & 0xff] ^
      t4[crc >>> 24] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
