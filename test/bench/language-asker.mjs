/**
 * A second client of the kernel that `language.mjs` measures, in a process of its own with less priority, as its own work is not
 * what is measured. Told a pace in milliseconds it types: a completion for each letter, or now and then an inspection, that often;
 * 0: without a pause; null: it rests.
 */
import os from 'node:os';
import { letters, sentences } from './language-questions.mjs';

os.setPriority(19);
const [module, connection] = process.argv.slice(2);
const { Client } = await import(module);
const client = new Client(JSON.parse(connection));
await client.ready(30_000);
let pace = null;
let loop = Promise.resolve();
const questions = typing();

function* typing() {
  for (let round = 0; ; round++) for (const sentence of sentences(round)) yield* letters(sentence);
}

async function ask() {
  for (let asked = 0; pace !== null; asked++) {
    const began = performance.now();
    const { code, cursor } = questions.next().value;
    const type = asked % 8 === 7 ? 'inspect_request' : 'complete_request';
    const content = { code, cursor_pos: cursor, detail_level: 0 };
    await client.ask(type, content, { wait: 30_000 }).catch(() => undefined);
    client.received.length = 0;
    const left = pace === null ? 0 : pace - (performance.now() - began);
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }
}

process.on('message', async (wanted) => {
  pace = null;
  await loop;
  if (wanted.end) process.exit(0);
  pace = wanted.pace;
  if (pace !== null) loop = ask();
  process.send(wanted);
});
process.send({});
