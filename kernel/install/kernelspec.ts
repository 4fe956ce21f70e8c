/** Kernelspecs: what ours says, and which ones Jupyter finds on this machine. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { distFile, kernelDirs, thisHost, type Host } from './paths.js';

/** The content of a `kernel.json`. */
export interface KernelSpec {
  argv: string[];
  display_name: string;
  language: string;
  interrupt_mode: 'message' | 'signal';
  env: Record<string, string>;
  metadata: Record<string, unknown>;
}

/** A kernelspec in one of Jupyter's folders. */
export interface FoundSpec {
  name: string;
  folder: string;
  spec: KernelSpec;
}

/** The name under which notebooks ask for this kernel. */
export const DEFAULT_NAME = 'nabla';
export const DEFAULT_DISPLAY_NAME = 'TypeScript (Nabla)';

/** The kernelspec that starts this build with the Node.js that runs now. */
export function ownSpec(displayName = DEFAULT_DISPLAY_NAME): KernelSpec {
  return {
    argv: [process.execPath, distFile('kernel/main.cjs'), '{connection_file}'],
    display_name: displayName,
    language: 'typescript',
    interrupt_mode: 'message',
    env: {},
    // Without `supported_encryption` jupyter_client writes no CurveZMQ keys into a connection file; without `debugger`
    // JupyterLab does not offer one.
    metadata: { supported_encryption: 'curve', debugger: true },
  };
}

/**
 * The name in the form in which Jupyter looks it up. Throws unless it holds only ASCII letters, digits, `-`, `.` and
 * `_`, as `jupyter kernelspec install` demands.
 */
export function validName(name: string): string {
  // The pattern is jupyter_client's; a name of dots only would mean another folder.
  if (!/^[a-z0-9._-]+$/i.test(name) || /^\.+$/.test(name))
    throw new Error(
      `invalid kernel name "${name}": use ASCII letters, digits, hyphens, full stops and underscores, as in "nabla-dev"`,
    );
  return name.toLowerCase();
}

/** Every kernelspec that a Jupyter in the environment `prefix` would list, the first of a name wins. */
export function findSpecs(prefix: string | undefined, host: Host = thisHost()): FoundSpec[] {
  const found = new Map<string, FoundSpec>();
  for (const dir of kernelDirs(prefix, host))
    for (const entry of existsSync(dir) ? readdirSync(dir) : []) {
      const name = entry.toLowerCase();
      const folder = path.join(dir, entry);
      const spec = found.has(name) ? undefined : readSpec(folder);
      if (spec !== undefined) found.set(name, { name, folder, spec });
    }
  return [...found.values()];
}

/** The kernelspec in `folder`, or undefined when there is none that can be used. */
export function readSpec(folder: string): KernelSpec | undefined {
  const file = path.join(folder, 'kernel.json');
  if (!existsSync(file) || !statSync(file).isFile()) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const fields: Partial<Record<keyof KernelSpec, unknown>> = json;
  const { argv, display_name, language, interrupt_mode } = fields;
  if (!Array.isArray(argv) || !argv.every((part) => typeof part === 'string')) return undefined;
  return {
    argv,
    display_name: typeof display_name === 'string' ? display_name : path.basename(folder),
    language: typeof language === 'string' ? language : '',
    interrupt_mode: interrupt_mode === 'message' ? 'message' : 'signal',
    env: stringFields(fields.env),
    metadata: isRecord(fields.metadata) ? fields.metadata : {},
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function stringFields(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
