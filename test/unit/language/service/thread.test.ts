/** Both ends of the thread of the language service, in one thread here: what is said, and what becomes of it when the thread dies. */
import { expect, test, vi } from 'vitest';
import {
  languageClient,
  type Thread,
  type ThreadEvents,
} from '../../../../kernel/language/service/client.js';
import type { TypeErrorsWanted } from '../../../../kernel/language/service/contract.js';
import type { CodeService } from '../../../../kernel/language/service/index.js';
import { serveLanguage } from '../../../../kernel/language/service/thread.js';
import { completeReply } from '../../../../kernel/protocol/introspection.js';
import { toJson } from '../../../../kernel/protocol/json.js';

const entry = (text: string) => ({ text, kind: 'variable', detail: '' });

/** Knows the words of the cells that have run. */
class Words implements CodeService {
  readonly cells: string[] = [];
  readonly wanted: TypeErrorsWanted[] = [];
  isStopped = false;
  /** A text that it never answers, and one that breaks it. */
  complete(code: string, offset: number) {
    if (code === 'hangs') return new Promise<null>(() => undefined);
    if (code === 'breaks') return Promise.reject(new Error('a fault'));
    const place = code.includes('.') ? ('members' as const) : ('scope' as const);
    const start = offset - code.split('.').at(-1)!.length;
    const words = this.cells.join(' ').split(' ').map(entry);
    const entries = words.filter(({ text }) => text.startsWith(code.slice(start)));
    const imports = () => Promise.resolve([entry(`import ${code}`)]);
    return Promise.resolve({ start, place, entries, ...(entries.length === 0 ? { imports } : {}) });
  }
  ran(code: string, wanted?: TypeErrorsWanted) {
    this.cells.push(code);
    if (wanted) this.wanted.push(wanted);
  }
  async check(stopped: AbortSignal) {
    for (const { title, tell } of this.wanted) if (!stopped.aborted) tell(`errors of ${title}`);
    if (!stopped.aborted) await new Promise((resolve) => stopped.addEventListener('abort', resolve));
  }
  reset() {
    this.cells.length = 0;
  }
  inspect(code: string) {
    return Promise.resolve({ signature: code, documentation: '', path: [] });
  }
  diagnose() {
    return Promise.resolve([]);
  }
  async warnings(code: string, title: string) {
    return (await this.isDefined(code)) ? '' : `${title}: no ${code}`;
  }
  prepare() {
    this.cells.push('prepared');
  }
  stop() {
    this.isStopped = true;
  }
  constructor(private readonly isDefined: (name: string) => Promise<boolean>) {}
}

function make() {
  const services: Words[] = [];
  const threads: Thread[] = [];
  const start = (events: ThreadEvents): Thread => {
    let isAlive = true;
    const end = (): void => {
      isAlive = false;
      events.ended();
    };
    const receive = serveLanguage({
      post: (message) => queueMicrotask(() => isAlive && events.message(structuredClone(message))),
      create: (isDefined) => {
        const service = new Words(isDefined);
        services.push(service);
        return service;
      },
      write: (code, offset, from, entries) =>
        new TextEncoder().encode(toJson(completeReply(code, offset, from, entries))),
      ended: end,
    });
    const thread = {
      post: (message: Parameters<Thread['post']>[0]) => receive(structuredClone(message)),
      end,
    };
    threads.push(thread);
    return thread;
  };
  const client = languageClient({ start, isDefined: (name) => Promise.resolve(name === 'known') });
  return { client, services, threads };
}

function matches(reply: Uint8Array | null | undefined): unknown {
  if (!reply) return reply;
  const content: unknown = JSON.parse(new TextDecoder().decode(reply));
  return content !== null && typeof content === 'object' && 'matches' in content ? content.matches : content;
}

test('the thread begins with the first question, and hears of the cells that have run until then', async () => {
  const { client, services } = make();
  client.ran('alpha also');
  client.ran('beta');
  client.ran('alpha also');
  expect(services).toHaveLength(0);
  const found = await client.complete('x.al', 4);
  expect(found).toMatchObject({ start: 2, place: 'members', count: 2 });
  expect(matches(found?.reply)).toEqual(['alpha', 'also']);
  expect(services[0].cells).toEqual(['beta', 'alpha also']);
  client.ran('gamma');
  expect(services[0].cells).toHaveLength(2);
  await client.inspect('x', 1);
  expect(services[0].cells).toEqual(['beta', 'alpha also', 'gamma']);
});

test('where names stand, the reply is written when it is known what values tell', async () => {
  const { client } = make();
  client.ran('alpha');
  const found = await client.complete('al', 2);
  expect(found).toMatchObject({ place: 'scope', count: 1, reply: null });
  expect(matches(await found?.replyWith([entry('alpha'), entry('alive')]))).toEqual(['alpha', 'alive']);
  const none = await client.complete('zeta', 4);
  expect(matches(await none?.imports?.())).toEqual(['import zeta']);
});

test('names that types do not know are asked for where values are', async () => {
  const { client } = make();
  expect(await client.warnings('known', 'Cell [1]')).toBe('');
  expect(await client.warnings('other', 'Cell [2]')).toBe('Cell [2]: no other');
});

test('type errors are told to whom they concern, until nobody wants to hear more', async () => {
  const { client } = make();
  const told: string[] = [];
  client.ran('alpha', { title: 'Cell [1]', tell: (text) => told.push(text) });
  client.ran('beta', { title: 'Cell [2]', tell: (text) => told.push(text) });
  const stop = new AbortController();
  const checked = client.check(stop.signal);
  await vi.waitFor(() => expect(told).toEqual(['errors of Cell [1]', 'errors of Cell [2]']));
  stop.abort();
  await checked;
});

test('a fault answers nothing, and hides nothing else', async () => {
  const { client } = make();
  expect(await client.complete('breaks', 6)).toBeNull();
  expect(await client.inspect('x', 1)).toMatchObject({ signature: 'x' });
});

test('a thread that dies leaves nobody waiting; the next one knows the cells', async () => {
  const { client, services, threads } = make();
  client.ran('alpha');
  const before = await client.complete('al', 2);
  const waiting = client.complete('hangs', 5);
  threads[0].end();
  expect(await waiting).toBeNull();
  client.ran('beta');
  expect(matches((await client.complete('x.a', 3))?.reply)).toEqual(['alpha']);
  expect(services[1].cells).toEqual(['alpha', 'beta']);
  // The first one knew more of that.
  expect(await before?.replyWith([])).toBeNull();
});

test('a thread that dies again and again is left alone for a while', async () => {
  const { client, threads } = make();
  for (let death = 0; death < 3; death++) {
    const waiting = client.complete('hangs', 5);
    threads[death].end();
    expect(await waiting).toBeNull();
  }
  expect(await client.complete('x.a', 3)).toBeNull();
  expect(threads).toHaveLength(3);
});

test('after a reset and a stop there is nothing', async () => {
  const { client, services } = make();
  client.ran('alpha');
  await client.inspect('x', 1);
  client.reset();
  expect(services[0].cells).toEqual([]);
  client.stop();
  expect(services[0].isStopped).toBe(true);
  expect(await client.complete('al', 2)).toBeNull();
});
