/**
 * A second client of the kernel that `language.mjs` measures, in a process of its own with less priority, as its own work is not
 * what is measured. Told a pace in milliseconds it asks for a completion or an inspection that often; 0: without a pause; null: it rests.
 */
import os from 'node:os';

os.setPriority(19);
const [module, connection, questions] = process.argv.slice(2);
const { Client } = await import(module);
const client = new Client(JSON.parse(connection));
await client.ready(30_000);
const texts = JSON.parse(questions);
let pace = null;
let asked = 0;
let loop = Promise.resolve();

async function ask() {
  while (pace !== null) {
    const began = performance.now();
    const code = texts[asked % texts.length];
    // Most of what an editor asks while a person types.
    const type = asked++ % 4 === 3 ? 'inspect_request' : 'complete_request';
    const content = { code, cursor_pos: code.length, detail_level: 0 };
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
  asked = 0;
  if (pace !== null) loop = ask();
  process.send(wanted);
});
process.send({});
