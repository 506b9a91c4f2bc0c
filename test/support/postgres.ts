import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { randomId } from '../../src/runtime/random.ts';
import { storageConfig, type PostgresSettings } from '../../src/storage/config.ts';
import { freePort } from './ports.ts';
import { startProcess, untilReady, type ServerProcess } from './server-process.ts';

const HINT = 'PostgreSQL 15 or later is missing: apt-get install -y postgresql';
const DEBIAN_VERSIONS = '/usr/lib/postgresql';
const VERSION_MIN = 15;
const ROLE = 'latchkey';
const CERTIFICATE = 'certificate.pem';
const KEY = 'key.pem';

/** A real PostgreSQL of its own, with its data in a folder that is thrown away. */
export interface TestPostgres {
  readonly port: number;
  /** PEM file of the certificate, when it speaks TLS. */
  readonly certificate: string;
  /** Of the database every cluster has; a test takes one of its own by {@link createDatabase}. */
  readonly url: string;
  /** Makes an empty database and gives its URL; the role is a superuser without a password. */
  createDatabase(): Promise<string>;
  /** Ends it at once, as a crash would; the data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same data, ending it first if it runs. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Speaks TLS too, as `localhost`, with a certificate that vouches for itself. */
  readonly tls?: boolean | undefined;
}

/** Starts PostgreSQL 15 or later, as the `postgres` user when the tests run as root. */
export async function startPostgres({
  tls = false,
}: TestPostgresOptions = {}): Promise<TestPostgres> {
  const bin = await findPrograms();
  const owner = await findOwner();
  const dir = await mkdtemp(join(tmpdir(), 'lk-postgres-'));
  const port = await freePort();
  if (owner) await chown(dir, owner.uid, owner.gid);
  const how = { hint: HINT, cwd: dir, ...owner };
  const data = join(dir, 'data');
  const start = async (): Promise<ServerProcess> => {
    const args = serverArgs({ data, dir, port, tls });
    const started = await startProcess(join(bin, 'postgres'), args, how);
    await untilReady(started, () => accepts(port));
    return started;
  };
  const removeData = (): Promise<void> => rm(dir, { recursive: true, force: true });
  let server: ServerProcess;
  try {
    await createCluster(join(bin, 'initdb'), data, how);
    if (tls) await createCertificate(how);
    server = await start();
  } catch (error) {
    await removeData();
    throw error;
  }
  return {
    port,
    certificate: join(dir, CERTIFICATE),
    url: databaseUrl(port, 'postgres'),
    async createDatabase() {
      const name = `t_${randomId(9).replaceAll('-', '_').toLowerCase()}`;
      await execute(databaseUrl(port, 'postgres'), `create database "${name}"`);
      return databaseUrl(port, name);
    },
    // SIGQUIT is PostgreSQL's own word for a crash: no checkpoint, every backend gone with it.
    kill: () => server.end('SIGQUIT'),
    async restart() {
      await server.end('SIGINT');
      server = await start();
    },
    async stop() {
      await server.end('SIGQUIT');
      await removeData();
    },
  };
}

/** For tests that are not about an outage: a machine that is busy is none. */
export const PATIENT_POSTGRES = { connectTimeoutMs: 20_000, statementTimeoutMs: 20_000 } as const;

/** The settings of a node that keeps its records in the database at `url`; the rest by default. */
export function postgresSettings(
  url: string,
  more: Partial<PostgresSettings> = {},
): PostgresSettings {
  const { records } = storageConfig.parse({
    records: { engine: 'postgres', postgres: { url, ...more } },
  });
  return records.postgres;
}

function databaseUrl(port: number, name: string): string {
  return `postgres://${ROLE}@127.0.0.1:${port}/${name}`;
}

async function findPrograms(): Promise<string> {
  const versions = await readdir(DEBIAN_VERSIONS).catch(() => []);
  const newest = versions.map(Number).filter((version) => version >= VERSION_MIN);
  if (newest.length === 0) throw new Error(HINT);
  return join(DEBIAN_VERSIONS, String(Math.max(...newest)), 'bin');
}

/** Whom to run as: PostgreSQL refuses to run as root. */
async function findOwner(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = await readFile('/etc/passwd', 'utf8');
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/mu.exec(users) ?? [];
  if (uid === undefined || gid === undefined) throw new Error(HINT);
  return { uid: Number(uid), gid: Number(gid) };
}

async function createCluster(
  initdb: string,
  data: string,
  how: Parameters<typeof startProcess>[2],
): Promise<void> {
  const args = ['-D', data, '-U', ROLE, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const made = await startProcess(initdb, args, how);
  await untilReady(made, async () => made.ended && made.output().includes('Success'));
}

async function createCertificate(how: Parameters<typeof startProcess>[2]): Promise<void> {
  const subject = '-subj /CN=localhost -addext subjectAltName=DNS:localhost';
  const args = `req -x509 -newkey rsa:2048 -nodes -days 2 ${subject} -out ${CERTIFICATE} -keyout ${KEY}`;
  const hint = 'openssl is missing: apt-get install -y openssl';
  const made = await startProcess('openssl', args.split(' '), { ...how, hint });
  await made.end(0);
}

function serverArgs(at: {
  readonly data: string;
  readonly dir: string;
  readonly port: number;
  readonly tls: boolean;
}): readonly string[] {
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${at.dir}`, 'fsync=off'];
  if (at.tls) {
    const [certificate, key] = [join(at.dir, CERTIFICATE), join(at.dir, KEY)];
    settings.push('ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`);
  }
  return ['-D', at.data, '-p', String(at.port), ...settings.flatMap((setting) => ['-c', setting])];
}

async function accepts(port: number): Promise<boolean> {
  return await execute(databaseUrl(port, 'postgres'), 'select 1').then(
    () => true,
    () => false,
  );
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
