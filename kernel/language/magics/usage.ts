/** What is written behind a magic and is not what it takes: told before the cell runs, at its place. */
import { lineMagic } from './catalog.js';
import type { Magic, MagicProblem } from './scan.js';

const FLAG = /[ \t]*(-([nr])(?![\w$.([])|-[a-zA-Z](?=[ \t]+(?!in\b|instanceof\b|as\b)[\w$"'{]))/y;
const TIMES = /[ \t]*([^\s;]*)/y;

/** Null: nothing is wrong with it. */
export function misuse(code: string, magic: Magic): MagicProblem | null {
  const { kind, name } = magic;
  if (name === 'timeit' && kind !== 'help') return timeitMisuse(code, magic);
  if (kind !== 'line' || lineMagic(name)?.takes !== 'nothing') return null;
  const words = code.slice(magic.args, magic.end).trim();
  // IPython asks before a reset, unless it is told so.
  if (words === '' || (name === 'reset' && words === '-f')) return null;
  return { message: `%${name} takes nothing, got '${words}'`, offset: magic.args, length: words.length };
}

/** How often a loop and how often all of it runs: whole numbers, of which no computer does more than a few digits' worth. */
const COUNT = /^[1-9]\d{0,8}$/;

function timeitMisuse(code: string, { args, end }: Magic): MagicProblem | null {
  for (let at = args; ;) {
    const flag = /^[ \t]*-([nr])[ \t]*(\d+)(?![\w$.])/.exec(code.slice(at, end));
    if (flag) {
      if (!COUNT.test(flag[2])) return wanted(`-${flag[1]}`, flag[2], at + flag[0].length - flag[2].length);
      at += flag[0].length;
      continue;
    }
    FLAG.lastIndex = at;
    const match = FLAG.exec(code);
    if (!match || at + match[0].length > end) return null;
    const [found, sign] = match;
    const known = match.at(2);
    const after = at + found.length;
    if (known === undefined) {
      const message = `%timeit has no ${sign}: it takes -n LOOPS and -r RUNS before the code`;
      return { message, offset: after - sign.length, length: sign.length };
    }
    TIMES.lastIndex = after;
    const [text, given = ''] = TIMES.exec(code) ?? [''];
    return wanted(sign, after + text.length > end ? '' : given, after + text.length - given.length);
  }
}

function wanted(flag: string, given: string, offset: number): MagicProblem {
  const what = flag === '-n' ? 'how many loops a run has' : 'how many runs there are';
  const got = given === '' ? 'got nothing' : `got '${given}'`;
  return {
    message: `%timeit ${flag} wants ${what}, a whole number such as 10; ${got}`,
    offset,
    length: given.length || 1,
  };
}
