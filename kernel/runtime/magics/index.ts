/** What the magics of cells call (`language/magics/` writes the calls), under a hidden global name. */
import { statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { display } from '../../display/display.js';
import { svg } from '../../display/tags.js';
import { isTypecheckMode, magicHelp, magicTable, MAGICS_KEY } from '../../language/magics/index.js';
import { load } from './load.js';
import { unquoted } from './words.js';
import { who, whos } from './names.js';
import { shell } from './shell.js';
import { begin, tell, timeCell, timed, timeit, type Begun } from './timing.js';

/** `moved`: imports resolve from another folder now. */
export function installMagics(moved: (folder: string) => void): void {
  const home = process.cwd();
  let before = home;
  const begun: Begun[] = [];
  const lines: Readonly<Record<string, (args: string) => void | Promise<void>>> = {
    who,
    whos,
    load,
    env,
    npm: (args) => shell(`npm ${args}`),
    // The kernel process has heard it.
    typecheck: (mode) => {
      if (!isTypecheckMode(mode))
        throw new Error(`%typecheck: write auto, off, warn or strict, got '${mode}'`);
    },
    lsmagic: () => print(magicTable()),
    cd: (folder) => {
      const to =
        folder === ''
          ? home
          : folder === '-'
            ? before
            : path.resolve(unquoted(folder).replace(/^~(?=\/|$)/, os.homedir()));
      if (!statSync(to, { throwIfNoEntry: false })?.isDirectory())
        throw new Error(`%cd: there is no folder ${to}`);
      const from = process.cwd();
      process.chdir(to);
      before = from;
      moved(process.cwd());
      print(process.cwd());
    },
  };
  const value = Object.freeze({
    begin,
    timed,
    timeCell,
    timeit,
    shell,
    show,
    start: () => void begun.push(begin()),
    stop: () => {
      const last = begun.pop();
      if (last) tell(last);
    },
    line: (name: string, args: string) => {
      const run = Object.hasOwn(lines, name) ? lines[name] : undefined;
      // Those that take code come here when there is none.
      if (run) return run(args);
      print(magicHelp(name) ?? magicTable());
      return undefined;
    },
  });
  Object.defineProperty(globalThis, Symbol.for(MAGICS_KEY), { value });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function env(args: string): void {
  const match = /^([^=\s]+)\s*(?:=\s*(.*)|\s+(.+))?$/s.exec(args);
  if (args === '')
    print(
      Object.keys(process.env)
        .sort()
        .map((name) => `${name}=${process.env[name]}`)
        .join('\n'),
    );
  else if (!match) throw new Error(`%env: write NAME or NAME=VALUE, got ${JSON.stringify(args)}`);
  else {
    const value = match.at(2) ?? match.at(3);
    if (value !== undefined) process.env[match[1]] = unquoted(value);
    else if (process.env[match[1]] === undefined) throw new Error(`%env: ${match[1]} is not set`);
    print(`${match[1]}=${process.env[match[1]]}`);
  }
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  md: 'text/markdown',
  latex: 'text/latex',
  js: 'application/javascript',
};

function show(name: string, text: string): void {
  if (name === 'svg') display(svg(text));
  else display({ [TYPES[name]]: text, 'text/plain': text }, { raw: true });
}
