/**
 * What the machine gives two threads at most: two processes of Nabla, of one thread each, that work at the same time and
 * have nothing to do with each other. A step is half of what both did.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const children = [0, 1].map(() => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('nabla.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { child, answers: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
});

/** The answers of both, or the first error. */
async function both(line) {
  for (const { child } of children) child.stdin.write(`${line}\n`);
  const lines = await Promise.all(children.map(({ answers }) => answers.next()));
  const answers = lines.map(({ value, done }) => (done ? { error: 'a process ended' } : JSON.parse(value)));
  return [answers.find(({ error }) => error !== undefined), answers];
}

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const began = performance.now();
    const [failed, [first]] = await both(line);
    const ms = (performance.now() - began) / 2;
    const answer = failed ?? (JSON.parse(line).do === 'run' ? { ms } : first);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  })
  .on('close', () => {
    for (const { child } of children) child.stdin.end();
    process.exit(0);
  });
