/** Zip archives made by hand, so that each of their fields can be made wrong. */
import zlib from 'node:zlib';

export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  /** What is claimed instead of what is true. */
  readonly size?: number;
  readonly crc?: number;
  readonly localName?: string;
  readonly begin?: number;
  readonly deflate?: boolean;
  readonly flags?: number;
  readonly method?: number;
}

/** The CRC-32 as RFC 1952 gives it, bit by bit. */
export function crcOf(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** With `wide` as an archive beyond 4 GiB has its sizes and places (APPNOTE 4.3.14, 4.5.3), in 64 bits. */
export function zip(members: readonly Member[], wide = false): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const member of members) {
    const stored = member.deflate ? zlib.deflateRawSync(member.data) : Buffer.from(member.data);
    const name = Buffer.from(member.name);
    const localName = Buffer.from(member.localName ?? member.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(member.flags ?? 0, 2);
    common.writeUInt16LE(member.method ?? (member.deflate ? 8 : 0), 4);
    common.writeUInt32LE(member.crc ?? crcOf(member.data), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE((member.size ?? member.data.length) % 2 ** 32, 18);
    common.writeUInt16LE(localName.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), Buffer.from(common), localName, stored);
    common.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(member.begin ?? position, 10);
    const extra = Buffer.alloc(wide ? 28 : 0);
    if (wide) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      [member.size ?? member.data.length, stored.length, position].forEach((n, i) => {
        extra.writeBigUInt64LE(BigInt(n), 4 + 8 * i);
      });
      common.fill(0xff, 14, 22);
      common.writeUInt16LE(extra.length, 24);
      rest.fill(0xff, 10);
    }
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), Buffer.from(common), rest, name, extra);
    position += 30 + localName.length + stored.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(position, 16);
  if (!wide) return Buffer.concat([...parts, listed, end]);
  end.fill(0xff, 8, 20);
  const record = Buffer.alloc(56 + 20);
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  [members.length, members.length, listed.length, position].forEach((n, i) => {
    record.writeBigUInt64LE(BigInt(n), 24 + 8 * i);
  });
  record.write('PK\x06\x07', 56, 'latin1');
  record.writeBigUInt64LE(BigInt(position + listed.length), 64);
  record.writeUInt32LE(1, 72);
  return Buffer.concat([...parts, listed, record, end]);
}

export function storedZip(members: Readonly<Record<string, Uint8Array>>): Buffer {
  return zip(Object.entries(members).map(([name, data]) => ({ name, data })));
}
