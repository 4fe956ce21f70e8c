/** The language service before anybody has asked it: it only remembers what has run. */
import type { LanguageService, TypeErrorsWanted } from './contract.js';

/** Loads the service with the first question. `NABLA_LANGUAGE_SERVICE=off` does without it. */
export function lazyLanguageService(load: () => Promise<LanguageService>): LanguageService {
  let loaded: Promise<LanguageService> | undefined;
  let service: LanguageService | undefined;
  let stopped = process.env.NABLA_LANGUAGE_SERVICE === 'off';
  const ran = new Map<string, TypeErrorsWanted | undefined>();
  let length = 0;
  const ask = async <T>(question: (service: LanguageService) => Promise<T>, nothing: T): Promise<T> => {
    if (stopped) return nothing;
    loaded ??= load().then((each) => {
      for (const [code, wanted] of ran) each.ran(code, wanted);
      ran.clear();
      return (service = each);
    });
    try {
      return await question(await loaded);
    } catch {
      // It does not load, or has a fault: values alone must do.
      return nothing;
    }
  };
  return {
    ran: (code, wanted) => {
      if (stopped) return;
      if (service) {
        service.ran(code, wanted);
        return;
      }
      if (ran.delete(code)) length -= code.length;
      ran.set(code, wanted);
      length += code.length;
      for (const oldest of ran.keys()) {
        if (length <= LONGEST) break;
        ran.delete(oldest);
        length -= oldest.length;
      }
    },
    reset: () => {
      ran.clear();
      length = 0;
      service?.reset();
    },
    complete: (code, offset) => ask((each) => each.complete(code, offset), null),
    inspect: (code, offset) => ask((each) => each.inspect(code, offset), null),
    diagnose: (code) => ask((each) => each.diagnose(code), []),
    check: (isStopped) => ask((each) => each.check(isStopped), undefined),
    warnings: (code, title) => ask((each) => each.warnings(code, title), ''),
    stop: () => {
      stopped = true;
      service?.stop();
    },
  };
}

/** How much text is remembered. */
const LONGEST = 2_000_000;
