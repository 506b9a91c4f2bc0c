import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { freePort } from './ports.ts';

/** A letter as a mail server got it. */
export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** The whole of it as it came. */
  readonly wire: string;
  /** The same with quoted-printable undone. */
  readonly raw: string;
  readonly isSecure: boolean;
  readonly user: string;
}

/** A real mail server on loopback that keeps what it gets. */
export interface TestSmtp {
  readonly port: number;
  readonly received: readonly Received[];
  /** How many have connected. */
  connections(): number;
  close(): Promise<void>;
}

/** A certificate of `localhost` that vouches for itself. */
export interface TestCertificate {
  readonly folder: string;
  readonly file: string;
  readonly cert: Buffer;
  readonly key: Buffer;
  remove(): Promise<void>;
}

export async function createCertificate(): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-smtp-'));
  const [file, keyFile] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost';
  await promisify(execFile)('openssl', [...words.split(' '), '-out', file, '-keyout', keyFile]);
  return {
    folder,
    file,
    cert: await readFile(file),
    key: await readFile(keyFile),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Takes everything, unless `options` say otherwise; STARTTLS is offered and nobody need sign in. `at`: the port of one that ended. */
export async function startSmtp(options: SMTPServerOptions = {}, at?: number): Promise<TestSmtp> {
  const port = at ?? (await freePort());
  const received: Received[] = [];
  let count = 0;
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onConnect(_session, done) {
      count += 1;
      done();
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const wire = Buffer.concat(chunks).toString('utf8');
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          wire,
          raw: unquoted(wire),
          isSecure: session.secure,
          user: String(session.user ?? ''),
        });
        done();
      });
    },
    ...options,
  });
  // A client that turns away from a certificate is what some tests are about.
  server.on('error', () => undefined);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    port,
    received,
    connections: () => count,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** An answer of the server with its code. */
export function smtpError(responseCode: number): Error {
  return Object.assign(new Error('the words of a server'), { responseCode });
}

function unquoted(text: string): string {
  return text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
