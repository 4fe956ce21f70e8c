/** A real JupyterLab server on a free port, and a real Chromium that looks at it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { jupyterEnv, python } from '../jupyter/environment.js';

export interface Lab {
  url: string;
  stop(): Promise<void>;
}

/** JupyterLab, Notebook 7, or the server that both are built on, without any page. */
type Application = 'jupyterlab' | 'notebook' | 'jupyter_server';

/** Starts a Jupyter server on `folder` and resolves when it answers. */
export async function startLab(
  folder: string,
  application: Application = 'jupyterlab',
  more: readonly string[] = [],
): Promise<Lab> {
  const port = await freePort();
  const args = [
    '-m',
    application,
    '--no-browser',
    '--allow-root',
    `--ServerApp.port=${port}`,
    '--ServerApp.port_retries=0',
    '--IdentityProvider.token=',
    '--ServerApp.password=',
    '--ServerApp.disable_check_xsrf=True',
    `--ServerApp.root_dir=${folder}`,
    ...(application === 'jupyter_server' ? [] : pageOptions()),
    ...more,
  ];
  const server = spawn(python(), args, { env: jupyterEnv(), stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/api/status`, server, () => log);
  return { url, stop: () => stop(server) };
}

function pageOptions(): string[] {
  // A page remembers what was open: in a place of its own, not among what other tests had open.
  const workspaces = mkdtempSync(path.join(tmpdir(), 'nabla-workspaces-'));
  return ['--LabApp.extension_manager=readonly', `--LabApp.workspaces_dir=${workspaces}`];
}

async function answers(url: string, server: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (server.exitCode !== null)
      throw new Error(`the Jupyter server ended with code ${server.exitCode}:\n${log()}`);
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Chromium or Chrome of the system: `NABLA_CHROMIUM`, else the usual places. */
export async function launchChromium(): Promise<Browser> {
  const candidates = [
    process.env.NABLA_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  const executablePath = candidates.find((file) => file !== undefined && existsSync(file));
  if (executablePath === undefined)
    throw new Error(
      'the browser test needs Chromium: install it (Debian: apt-get install chromium) or set NABLA_CHROMIUM',
    );
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
  ];
  return chromium.launch({
    executablePath,
    headless: true,
    args: [...args, '--disable-sync', '--no-first-run'],
  });
}
