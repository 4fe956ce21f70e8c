/**
 * The version of TypeScript that cells are written in: the one whose syntax the compiler reads, and with which this
 * package's own types are checked. A constant, so that kernel_info need not load a compiler.
 */
export const TYPESCRIPT_VERSION = '6.0.3';
