/** Installing the kernelspec, and what is said when it cannot be. Needs the build, as installing does. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kernelspecs } from '../../../kernel/install/doctor.js';
import { install, LOGOS, uninstall } from '../../../kernel/install/install.js';
import { findSpecs, validName } from '../../../kernel/install/kernelspec.js';
import { distFile } from '../../../kernel/install/paths.js';

let prefix: string;
beforeEach(() => {
  prefix = mkdtempSync(path.join(os.tmpdir(), 'nabla-prefix-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(prefix, { recursive: true });
});

const kernels = (): string => path.join(prefix, 'share/jupyter/kernels');

describe('install', () => {
  it('writes a kernelspec that starts this build with this Node.js', async () => {
    const folder = await install({ prefix });
    expect(folder).toBe(path.join(kernels(), 'nabla'));
    expect(JSON.parse(readFileSync(path.join(folder, 'kernel.json'), 'utf8'))).toMatchObject({
      argv: [process.execPath, distFile('kernel/main.cjs'), '{connection_file}'],
      display_name: 'TypeScript (Nabla)',
      language: 'typescript',
      interrupt_mode: 'message',
      metadata: { supported_encryption: 'curve', debugger: true },
    });
    expect(existsSync(distFile('kernel/main.cjs'))).toBe(true);
  });

  it('leaves a file that starts the kernel under the name that earlier kernelspecs have', () => {
    const { status, stderr } = spawnSync(process.execPath, [distFile('kernel/main.js')], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining('no connection file given')]);
  });

  it('is told apart by the doctor from what an earlier version has installed', async () => {
    vi.stubEnv('JUPYTER_PATH', path.join(prefix, 'share/jupyter'));
    const file = path.join(await install({ prefix, name: 'nabla-old' }), 'kernel.json');
    const spec = JSON.parse(readFileSync(file, 'utf8')) as { argv: string[] };
    const say = () =>
      kernelspecs().flatMap(({ state, text, advice = '' }) =>
        text.includes('nabla-old') ? [`${state} ${text}, ${advice}`] : [],
      );
    expect(say()).toEqual([expect.stringContaining('ok kernelspec')]);
    writeFileSync(file, JSON.stringify({ ...spec, argv: [spec.argv[0], distFile('kernel/main.js')] }));
    expect(say()).toEqual([expect.stringMatching(/^broken .* earlier version.* install --name nabla-old$/)]);
  });

  it('brings the logos in the sizes that frontends ask for', async () => {
    const folder = await install({ prefix });
    const widths = LOGOS.filter((logo) => logo.endsWith('.png')).map((logo) => {
      const png = readFileSync(path.join(folder, logo));
      expect(png.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
      return [png.readUInt32BE(16), png.readUInt32BE(20)];
    });
    expect(widths).toEqual([
      [32, 32],
      [64, 64],
    ]);
    expect(readFileSync(path.join(folder, 'logo-svg.svg'), 'utf8')).toContain('<svg');
  });

  it('takes another name and display name, the name in lower case as Jupyter has it', async () => {
    const folder = await install({ prefix, name: 'Nabla-Dev', displayName: 'TypeScript (dev)' });
    expect(path.basename(folder)).toBe('nabla-dev');
    expect(readFileSync(path.join(folder, 'kernel.json'), 'utf8')).toContain('"TypeScript (dev)"');
  });

  it('replaces an older one whole and leaves nothing else behind', async () => {
    mkdirSync(path.join(kernels(), 'nabla'), { recursive: true });
    writeFileSync(path.join(kernels(), 'nabla', 'stale.txt'), '');
    const folder = await install({ prefix });
    expect(readdirSync(folder).sort()).toEqual(['kernel.json', ...LOGOS].sort());
    expect(readdirSync(kernels())).toEqual(['nabla']);
    expect(readdirSync(path.join(prefix, 'share/jupyter'))).toEqual(['kernels']);
  });

  it('goes to the user by default, and is found there', async () => {
    vi.stubEnv('JUPYTER_DATA_DIR', path.join(prefix, 'data'));
    const folder = await install();
    expect(folder).toBe(path.join(prefix, 'data/kernels/nabla'));
    expect(findSpecs(undefined).find(({ name }) => name === 'nabla')?.folder).toBe(folder);
  });

  it('goes to the active environment with --sys-prefix', async () => {
    vi.stubEnv('VIRTUAL_ENV', prefix);
    expect(await install({ sysPrefix: true })).toBe(path.join(kernels(), 'nabla'));
  });

  it('refuses two destinations', async () => {
    await expect(install({ user: true, prefix })).rejects.toThrow('only one of');
  });
});

describe('names', () => {
  it.each(['nabla', 'nabla-0.1_x', 'N4'])('%s is a name', (name) => {
    expect(validName(name)).toBe(name.toLowerCase());
  });
  it.each(['', 'a b', 'ä', '../x', 'a/b', '..', '.'])('%j is none', (name) => {
    expect(() => validName(name)).toThrow(/invalid kernel name/);
  });
});

describe('uninstall', () => {
  it('removes the kernelspec and nothing beside it', async () => {
    await install({ prefix });
    await install({ prefix, name: 'other' });
    await uninstall({ prefix });
    expect(readdirSync(kernels())).toEqual(['other']);
  });

  it('says where it looked when there is none, and where there is one', async () => {
    await expect(uninstall({ prefix })).rejects.toThrow(`no kernel "nabla" is installed in ${kernels()}`);
    vi.stubEnv('JUPYTER_DATA_DIR', path.join(prefix, 'data'));
    const folder = await install();
    await expect(uninstall({ prefix })).rejects.toThrow(`there is one in ${folder}`);
  });

  it('does not remove a folder that is no kernelspec', async () => {
    mkdirSync(path.join(kernels(), 'nabla'), { recursive: true });
    writeFileSync(path.join(kernels(), 'nabla', 'notes.txt'), '');
    await expect(uninstall({ prefix })).rejects.toThrow('no kernel "nabla"');
    expect(readdirSync(path.join(kernels(), 'nabla'))).toEqual(['notes.txt']);
  });
});
