import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startApp } from './app.ts';
import { startGateway } from './gateway.ts';
import type { Listening } from './listening.ts';
import { startOrders } from './orders.ts';
import { startStock } from './stock.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = fileURLToPath(new URL('latchkey.yaml', import.meta.url));

export interface ExampleOptions {
  readonly issuerPort: number;
  readonly appPort: number;
  /** Where the issuer keeps its data and keys. */
  readonly folder: string;
}

/** The example while it runs. */
export interface Example {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the issuer in a process of its own, and app, gateway and services in this one, each with a verifier of its own. */
export async function startExample(options: ExampleOptions): Promise<Example> {
  const issuer = await startIssuer(options);
  const started: Listening[] = [];
  const close = async (): Promise<void> => {
    for (const one of started) one.close();
    await issuer.close();
  };
  try {
    const [gateway, orders, stock] = await Promise.all([
      startGateway(issuer.url),
      startOrders(issuer.url),
      startStock(issuer.url),
    ]);
    started.push(gateway, orders, stock);
    const services = { gateway: gateway.url, orders: orders.url, stock: stock.url };
    started.push(await startApp({ issuer: issuer.url, port: options.appPort, services }));
    return { url: `http://localhost:${options.appPort}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startIssuer({
  issuerPort,
  folder,
}: ExampleOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const url = `http://localhost:${issuerPort}`;
  await mkdir(folder, { recursive: true });
  const child = spawn(process.execPath, [join(ROOT, 'latchkey.mjs'), 'start', '--config', CONFIG], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LATCHKEY_ISSUER: url,
      LATCHKEY_HTTP_LISTEN_PORT: String(issuerPort),
      LATCHKEY_STORAGE_EMBEDDED_FILE: join(folder, 'latchkey.sqlite'),
      LATCHKEY_SIGNING_KEYS_FOLDER: join(folder, 'keys'),
    },
  });
  const ended = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error('the issuer did not start: see above');
    await delay(50);
  }
  return {
    url,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
