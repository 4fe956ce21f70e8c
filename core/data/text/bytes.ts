/** How byte-pair encodings of GPT-2's kind write bytes as characters, and divide text before merging. */

/** The printable bytes stand for themselves; the others for the characters from U+0100 on. */
function makeAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** The character of each byte, and the byte of each character; made when they are needed, as the pattern is. */
let characters: readonly string[] | undefined;
let bytesOf: ReadonlyMap<string, number> | undefined;

function byteCharacters(): readonly string[] {
  return (characters ??= makeAlphabet());
}

/** The alphabet in the order of GPT-2's vocabulary. */
export function alphabet(): readonly string[] {
  return [...byteCharacters()].sort();
}

/** Contractions of English, then words, numbers and other signs with a space before them, then spaces. */
export function gpt2Words(text: string): readonly string[] {
  return text.match(/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu) ?? [];
}

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text as characters. */
export function toByteCharacters(text: string): string[] {
  const alphabet = byteCharacters();
  return Array.from(encoder.encode(text), (byte) => alphabet[byte]);
}

/** The bytes that characters stand for; undefined if one stands for none. */
export function fromByteCharacters(text: string): number[] | undefined {
  bytesOf ??= new Map(byteCharacters().map((character, byte) => [character, byte]));
  const bytes: number[] = [];
  for (const character of text) {
    const byte = bytesOf.get(character);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}
