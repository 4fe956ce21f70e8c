/** Tokenizers in files: JSON of our own, and GPT-2's vocab.json and merges.txt. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { duplicateKey } from '../../io/json-keys.js';
import { quote } from '../../io/quote.js';
import { writeAtomically } from '../../io/sink.js';
import { pathOf } from '../../io/source.js';
import { BytePairTokenizer } from './bpe.js';
import { CharTokenizer, type Tokenizer, WordTokenizer } from './tokenizer.js';
import { Vocab } from './vocab.js';

/** Larger files are no vocabulary. */
const LARGEST = 2 ** 28;
const FORMAT = 'nabla tokenizer 1';

/** Writes a tokenizer as JSON, which appears whole or not at all. */
export function saveTokenizer(file: string | URL, tokenizer: Tokenizer): void {
  writeText(pathOf(file), JSON.stringify({ format: FORMAT, ...tokenizer.toJSON() }));
}

/** Reads a tokenizer that {@link saveTokenizer} wrote. @throws Error that says what is wrong with the file */
export function loadTokenizer(file: string | URL): Tokenizer {
  const name = pathOf(file);
  const where = `tokenizer ${name}`;
  const json = parse(where, readText(where, name));
  if (json.format !== FORMAT) throw new Error(`${where}: is not a tokenizer that saveTokenizer wrote`);
  return tokenizerFromJSON(json, where);
}

/** The inverse of a tokenizer's `toJSON`. @throws Error that says what is wrong */
export function tokenizerFromJSON(json: unknown, where = 'tokenizerFromJSON'): Tokenizer {
  const {
    kind,
    tokens,
    unknown,
    pattern,
    flags,
    lowercase,
    joiner,
    merges,
    specials,
  }: Partial<Record<string, unknown>> = isRecord(json) ? json : {};
  if (!isTexts(tokens) || (unknown !== undefined && typeof unknown !== 'string')) {
    throw new Error(`${where}: has no tokens that are a list of texts`);
  }
  try {
    const vocab = new Vocab(tokens, { unknown });
    if (kind === 'characters') return new CharTokenizer(vocab);
    if (kind === 'words' && typeof pattern === 'string' && typeof flags === 'string') {
      return new WordTokenizer(vocab, {
        pattern: new RegExp(pattern, flags),
        lowercase: lowercase === true,
        joiner: typeof joiner === 'string' ? joiner : '',
      });
    }
    if (kind === 'bytePairs' && isTexts(merges) && isTexts(specials)) {
      return new BytePairTokenizer(vocab, merges, specials);
    }
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  throw new Error(`${where}: is not a tokenizer of characters, words or bytePairs`);
}

/**
 * Reads a byte-pair encoding in GPT-2's two files: the tokens' numbers (JSON) and the merges in their order.
 * @param specials tokens that are not text ('<|endoftext|>', if the vocabulary has it)
 * @throws Error that names file and line
 */
export function loadGpt2(
  vocabFile: string | URL,
  mergesFile: string | URL,
  options: { specials?: readonly string[] } = {},
): BytePairTokenizer {
  const name = pathOf(vocabFile);
  const where = `vocabulary ${name}`;
  const tokens = readVocabulary(where, readText(where, name));
  const mergesName = pathOf(mergesFile);
  const merges = readMerges(
    `merges ${mergesName}`,
    readText(`merges ${mergesName}`, mergesName),
    new Set(tokens),
  );
  const specials = options.specials ?? tokens.filter((token) => token === '<|endoftext|>');
  try {
    return new BytePairTokenizer(new Vocab(tokens), merges, specials);
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Writes `vocab.json` and `merges.txt` into a folder, as GPT-2's are. */
export function saveGpt2(folder: string | URL, tokenizer: BytePairTokenizer): void {
  const directory = pathOf(folder);
  const ids = tokenizer.vocab.tokens.map((token, id) => `${JSON.stringify(token)}: ${id}`);
  writeText(path.join(directory, 'vocab.json'), `{${ids.join(', ')}}`);
  writeText(
    path.join(directory, 'merges.txt'),
    `#version: 0.2\n${tokenizer.merges.map((m) => `${m}\n`).join('')}`,
  );
}

function readVocabulary(where: string, text: string): string[] {
  const entries = Object.entries(parse(where, text));
  const twice = duplicateKey(text);
  if (twice !== null) throw new Error(`${where}: has the token ${quote(twice)} twice`);
  const tokens = new Array<string | undefined>(entries.length);
  for (const [token, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= entries.length) {
      throw new Error(
        `${where}: token ${quote(token)} has the number ${String(id).slice(0, 40)}; ${entries.length} tokens count from 0 to ${entries.length - 1}`,
      );
    }
    const other = tokens[id];
    if (other !== undefined)
      throw new Error(`${where}: ${quote(other)} and ${quote(token)} both have the number ${id}`);
    tokens[id] = token;
  }
  return tokens.map((token) => token ?? '');
}

function readMerges(where: string, text: string, tokens: ReadonlySet<string>): string[] {
  const merges: string[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line === '' || (i === 0 && line.startsWith('#version'))) return;
    const [a, b, ...rest] = line.split(' ');
    if (!a || !b || rest.length > 0) {
      throw new Error(`${where}: line ${i + 1}: ${quote(line)} is not two tokens with a space between them`);
    }
    const lacking = [a, b, a + b].find((token) => !tokens.has(token));
    if (lacking !== undefined)
      throw new Error(`${where}: line ${i + 1}: the vocabulary lacks ${quote(lacking)}`);
    merges.push(line);
  });
  return merges;
}

function readText(where: string, file: string): string {
  const { size } = statSync(file);
  if (size > LARGEST) throw new Error(`${where}: has ${size} bytes; more than ${LARGEST} are not read`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Error(`${where}: is not UTF-8`, { cause: error });
  }
}

function parse(where: string, text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (!isRecord(json)) throw new Error(`${where}: is not a JSON object`);
  return json;
}

function writeText(file: string, text: string): void {
  writeAtomically(file, (sink) => {
    sink.write(new TextEncoder().encode(text));
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
