/**
 * Shared libraries for Linux, written byte by byte, because machines that test have no compiler: each exports cblas_sgemm
 * and cblas_dgemm, which do nothing but return. The format: System V ABI, "Object Files" and "Dynamic Linking".
 */

interface Code {
  /** e_machine of the ELF header. */
  readonly machine: number;
  readonly back: readonly number[];
  /** An instruction that does not exist. */
  readonly illegal: readonly number[];
}

const CODES: Readonly<Record<string, Code>> = {
  x64: { machine: 62, back: [0xc3], illegal: [0x0f, 0x0b] },
  arm64: { machine: 183, back: [0xc0, 0x03, 0x5f, 0xd6], illegal: [0, 0, 0, 0] },
};

const PAGE = 4096;
/** Where things are, from the beginning of the file and of the image alike. */
const AT = { headers: 64, dynamic: 0x100, symbols: 0x200, names: 0x280, hash: 0x2c0, code: 0x300 };

/** A library of this machine's or another's architecture, which may execute an illegal instruction when it is loaded. */
export function tinyLibrary({ arch = process.arch, crashes = false } = {}): Uint8Array {
  const { machine, back, illegal } = CODES[arch];
  const bytes = new Uint8Array(PAGE);
  const view = new DataView(bytes.buffer);
  const write = (at: number, ...fields: readonly (readonly [size: 2 | 4 | 8, value: number])[]): void => {
    for (const [size, value] of fields) {
      if (size === 2) view.setUint16(at, value, true);
      else if (size === 4) view.setUint32(at, value, true);
      else view.setBigUint64(at, BigInt(value), true);
      at += size;
    }
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  // A shared object, two program headers.
  write(16, [2, 3], [2, machine], [4, 1], [8, 0], [8, AT.headers], [8, 0], [4, 0], [2, 64], [2, 56], [2, 2]);
  const header = (
    index: number,
    type: number,
    flags: number,
    at: number,
    size: number,
    align: number,
  ): void => {
    write(
      AT.headers + 56 * index,
      [4, type],
      [4, flags],
      [8, at],
      [8, at],
      [8, at],
      [8, size],
      [8, size],
      [8, align],
    );
  };
  header(0, 1, 7, 0, PAGE, PAGE);
  const names = '\0cblas_sgemm\0cblas_dgemm\0';
  bytes.set(new TextEncoder().encode(names), AT.names);
  // DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, perhaps DT_INIT, DT_NULL.
  const entries = [
    ...[
      [4, AT.hash],
      [5, AT.names],
      [6, AT.symbols],
      [10, names.length],
      [11, 24],
    ],
    ...(crashes ? [[12, AT.code + 16]] : []),
    [0, 0],
  ];
  entries.forEach(([tag, value], i) => {
    write(AT.dynamic + 16 * i, [8, tag], [8, value]);
  });
  header(1, 2, 6, AT.dynamic, 16 * entries.length, 8);
  // Global functions, both at the same place.
  for (const [i, name] of [
    [1, 1],
    [2, 13],
  ])
    write(AT.symbols + 24 * i, [4, name], [2, 0x12], [2, 1], [8, AT.code], [8, back.length]);
  // One bucket: symbol 1, then 2.
  write(AT.hash, [4, 1], [4, 3], [4, 1], [4, 0], [4, 2], [4, 0]);
  bytes.set(back, AT.code);
  bytes.set(illegal, AT.code + 16);
  return bytes;
}
