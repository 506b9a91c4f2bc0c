import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { startProcess, untilReady } from './server-process.ts';

/** Debian keeps it where only root looks. */
const PROGRAM = '/usr/sbin/nginx';
const HINT = 'nginx is missing: apt-get install -y nginx';

/** An nginx of its own. */
export interface Nginx {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Starts nginx with one server of these `locations`; `upstreams` by name are ports of loopback. */
export async function startNginx(options: {
  readonly locations: string;
  readonly upstreams: Readonly<Record<string, number>>;
  /** Speaks TLS with this pair of PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-nginx-'));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  await mkdir(join(folder, 'logs'));
  if (options.tls) {
    await writeFile(join(folder, 'tls.crt'), options.tls.cert);
    await writeFile(join(folder, 'tls.key'), options.tls.key, { mode: 0o600 });
  }
  const isTls = options.tls !== undefined;
  await writeFile(config, configText({ ...options, folder, port, isTls }));
  const server = await startProcess(PROGRAM, ['-p', folder, '-c', config], { hint: HINT });
  const origin = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  // Under TLS it answers this with an error, which is an answer.
  const probe = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await server.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(server, () => fetch(probe).then(Boolean, () => false));
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, stop };
}

function configText(options: {
  readonly locations: string;
  readonly upstreams: Readonly<Record<string, number>>;
  readonly folder: string;
  readonly port: number;
  readonly isTls: boolean;
}): string {
  const { locations, upstreams, folder, port, isTls } = options;
  const tls = `ssl_certificate ${folder}/tls.crt; ssl_certificate_key ${folder}/tls.key;`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const named = Object.entries(upstreams)
    .map(([name, to]) => `upstream ${name} { server 127.0.0.1:${to}; }`)
    .join('\n');
  // `user` is for root alone, who would else give the folder away; others are told that it is ignored.
  return `daemon off;
worker_processes 1;
user root;
error_log stderr;
pid ${folder}/nginx.pid;
events {}
http {
access_log off;
${temporary}
${named}
server {
listen 127.0.0.1:${port}${isTls ? ' ssl' : ''};
${isTls ? tls : ''}
${locations}
}
}
`;
}
