/**
 * The language service in its thread: everything that touches the texts of the server or a reply happens here, so that cells
 * need not wait behind it in the kernel process.
 */
import type { CompletionEntry, Completions } from './contract.js';
import type { Answer, FromThread, Question, RanCell, ToThread, WrittenAnswer } from './messages.js';
import type { CodeService } from './service.js';

export interface ServedThread {
  post(message: FromThread, transfer?: ArrayBuffer[]): void;
  create(isDefined: (name: string) => Promise<boolean>): CodeService;
  /** A complete reply, ready to be sent. */
  write(code: string, offset: number, start: number, entries: readonly CompletionEntry[]): Uint8Array;
  /** There is nothing to be done any more. */
  ended(): void;
}

interface Completed {
  readonly code: string;
  readonly offset: number;
  readonly found: Completions;
}

/** Of so many completions more may be asked; frontends ask about one after the other. */
const KEPT = 8;

/** What is to be called with each message. */
export function serveLanguage(thread: ServedThread): (message: ToThread) => void {
  const asked = new Map<number, (isDefined: boolean) => void>();
  let lastAsked = 0;
  const service = thread.create((name) => {
    const id = ++lastAsked;
    thread.post({ type: 'isDefined', id, name });
    return new Promise((resolve) => asked.set(id, resolve));
  });
  const completed = new Map<number, Completed>();
  const checks = new Map<number, AbortController>();

  const complete = async (id: number, code: string, offset: number): Promise<Answer> => {
    const found = await service.complete(code, offset);
    if (!found) return { type: 'nothing', id };
    completed.set(id, { code, offset, found });
    for (const oldest of completed.keys()) if (completed.size > KEPT) completed.delete(oldest);
    return { type: 'completed', id, found: writtenAnswer(code, offset, found) };
  };

  const writtenAnswer = (code: string, offset: number, found: Completions): WrittenAnswer => {
    const { start, place, entries } = found;
    const reply = place !== 'scope' && entries.length > 0 ? thread.write(code, offset, start, entries) : null;
    return { start, place, count: entries.length, reply, hasImports: found.imports !== undefined };
  };

  const replyWith = (id: number, about: number, others: readonly CompletionEntry[]): Answer => {
    const before = completed.get(about);
    if (!before) return { type: 'nothing', id };
    const { code, offset, found } = before;
    const known = new Set(found.entries.map(({ text }) => text));
    const entries = [...found.entries, ...others.filter(({ text }) => !known.has(text))];
    return { type: 'written', id, reply: thread.write(code, offset, found.start, entries) };
  };

  const imports = async (id: number, about: number): Promise<Answer> => {
    const before = completed.get(about);
    const entries = (await before?.found.imports?.()) ?? [];
    if (!before || entries.length === 0) return { type: 'nothing', id };
    const { code, offset, found } = before;
    return { type: 'written', id, reply: thread.write(code, offset, found.importStart ?? 0, entries) };
  };

  const check = async (id: number): Promise<Answer> => {
    const stop = new AbortController();
    checks.set(id, stop);
    await service.check(stop.signal).finally(() => checks.delete(id));
    return { type: 'nothing', id };
  };

  const answer = async (question: Question): Promise<Answer> => {
    const { id } = question;
    switch (question.type) {
      case 'complete':
        return complete(id, question.code, question.offset);
      case 'replyWith':
        return replyWith(id, question.about, question.others);
      case 'imports':
        return imports(id, question.about);
      case 'check':
        return check(id);
      case 'inspect': {
        const found = await service.inspect(question.code, question.offset);
        return found ? { type: 'inspected', id, found } : { type: 'nothing', id };
      }
      case 'warnings':
        return { type: 'warned', id, text: await service.warnings(question.code, question.title) };
    }
  };

  const ran = ({ code, tell }: RanCell): void => {
    if (!tell) service.ran(code);
    else
      service.ran(code, {
        title: tell.title,
        tell: (text) => thread.post({ type: 'tell', id: tell.id, text }),
      });
  };

  return (message) => {
    switch (message.type) {
      case 'ran':
        message.cells.forEach(ran);
        return;
      case 'reset':
        service.reset();
        return;
      case 'prepare':
        service.prepare();
        return;
      case 'enough':
        checks.get(message.about)?.abort();
        return;
      case 'defined':
        asked.get(message.id)?.(message.isDefined);
        asked.delete(message.id);
        return;
      case 'stop':
        service.stop();
        thread.ended();
        return;
      default:
        // Who asks goes on without an answer where the service has a fault.
        answer(message)
          .catch((): Answer => ({ type: 'nothing', id: message.id }))
          .then((found) => thread.post(found, transferable(found)))
          .catch(() => thread.post({ type: 'nothing', id: message.id }));
    }
  };
}

/** The bytes of a reply go to the other thread as they are. */
function transferable(answer: Answer): ArrayBuffer[] {
  const reply =
    answer.type === 'completed' ? answer.found.reply : answer.type === 'written' ? answer.reply : null;
  return reply?.buffer instanceof ArrayBuffer ? [reply.buffer] : [];
}
