/** Which magics there are, and what a person is told of each. */

export interface MagicHelp {
  readonly name: string;
  /** `line`: `%name`; `cell`: `%%name`; `both`. */
  readonly form: 'line' | 'cell' | 'both';
  /** `code`: TypeScript follows; `text`: words. */
  readonly takes: 'code' | 'text' | 'nothing';
  readonly usage: string;
  readonly help: string;
}

export const MAGICS: readonly MagicHelp[] = [
  magic(
    'time',
    'both',
    'code',
    '%time CODE',
    'Wall and processor time of a line (or, with %%time, of the cell), and its result. A promise is awaited.',
  ),
  magic(
    'timeit',
    'both',
    'code',
    '%timeit [-n LOOPS] [-r RUNS] CODE',
    'Runs code many times: mean ± standard deviation of the time of a loop. Promises are awaited.',
  ),
  magic(
    'who',
    'line',
    'text',
    '%who [TYPE …]',
    'The names that cells have declared, or those of the types, for example %who Tensor function.',
  ),
  magic(
    'whos',
    'line',
    'text',
    '%whos [TYPE …]',
    'The names that cells have declared, with type, shape or length, and value; or those of the types.',
  ),
  magic(
    'load',
    'line',
    'text',
    '%load FILE|URL',
    'Puts the text of a file, or of an address that begins with http, in the place of this cell.',
  ),
  magic(
    'cd',
    'line',
    'text',
    '%cd [FOLDER|-]',
    "Changes the folder of files, commands and imports; without one: back to the notebook's; -: to the one before.",
  ),
  magic(
    'env',
    'line',
    'text',
    '%env [NAME[=VALUE]]',
    'Shows the environment variables or one of them, or sets one.',
  ),
  magic(
    'reset',
    'line',
    'nothing',
    '%reset [-f]',
    'Starts the process of the cells anew: their names are gone, history and counter go on. Alone in its cell.',
  ),
  magic(
    'typecheck',
    'line',
    'text',
    '%typecheck auto|off|warn|strict',
    'Type errors of cells from now on: shown as soon as there is time to look for them (auto), not looked for, shown before a cell ends, or a cell that has any is not run.',
  ),
  magic(
    'npm',
    'line',
    'text',
    '%npm COMMAND …',
    'Runs npm in the current folder, for example %npm install x; the next import finds the package.',
  ),
  magic('lsmagic', 'line', 'nothing', '%lsmagic', 'Lists the magics.'),
  magic('html', 'cell', 'text', '%%html', 'Shows the rest of the cell as HTML.'),
  magic('md', 'cell', 'text', '%%md', 'Shows the rest of the cell as Markdown.'),
  magic('svg', 'cell', 'text', '%%svg', 'Shows the rest of the cell as SVG.'),
  magic('latex', 'cell', 'text', '%%latex', 'Shows the rest of the cell as LaTeX.'),
  magic(
    'js',
    'cell',
    'text',
    '%%js',
    'Runs the rest of the cell as JavaScript in the page (the notebook must be trusted).',
  ),
];

/** For commands, which have no name. */
export const SHELL_HELP =
  '!COMMAND\n\nRuns a command with sh, its output live. ${x} is the value of an expression; \\${X} stays as it is for the shell.';

function magic(
  name: string,
  form: MagicHelp['form'],
  takes: MagicHelp['takes'],
  usage: string,
  help: string,
): MagicHelp {
  return { name, form, takes, usage, help };
}

export function lineMagic(name: string): MagicHelp | undefined {
  return MAGICS.find((each) => each.name === name && each.form !== 'cell');
}

export function cellMagic(name: string): MagicHelp | undefined {
  return MAGICS.find((each) => each.name === name && each.form !== 'line');
}

/** All of them, a line each. */
export function magicTable(): string {
  const rows = MAGICS.map(({ usage, form, help }): [string, string] => [
    form === 'both' ? `${usage} · %${usage.split(' ')[0]}` : usage,
    help,
  ]);
  rows.push(
    ['!COMMAND', SHELL_HELP.split('\n\n')[1]],
    ['?NAME · NAME?', 'What is known of a name, in the pager.'],
  );
  const width = Math.max(...rows.map(([usage]) => usage.length));
  return rows.map(([usage, help]) => `${usage.padEnd(width)}  ${help}`).join('\n');
}

/** The name among the magics that a person most likely meant; null when none is near. */
export function nearestMagic(name: string, form: 'line' | 'cell'): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const each of MAGICS) {
    if (each.form !== form && each.form !== 'both') continue;
    const distance = editDistance(name, each.name);
    if (distance <= Math.max(1, name.length / 2) && distance < (best?.distance ?? Infinity))
      best = { name: each.name, distance };
  }
  return best?.name ?? null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
