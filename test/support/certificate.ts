import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A key and its certificate; PEM files. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Who vouches for it; left out: it does itself. */
  readonly authority?: string;
}

/** Makes one that vouches for itself in `folder` for `names`, such as `DNS:localhost` or `IP:127.0.0.1`. */
export async function makeCertificate(folder: string, names: string): Promise<TestCertificate> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const subject = `-subj /CN=localhost -addext subjectAltName=${names}`;
  const made = `req -x509 -newkey rsa:2048 -nodes -days 2 ${subject}`;
  await promisify(execFile)('openssl', [...made.split(' '), '-out', certificate, '-keyout', key]);
  return { certificate, key };
}

/** The settings of a Redis or a Sentinel that speaks TLS alone on `port`, also to its like. */
export function tlsArgs(
  { certificate, key, authority = certificate }: TestCertificate,
  port: number,
): readonly string[] {
  const settings = {
    port: '0',
    'tls-port': String(port),
    'tls-replication': 'yes',
    'tls-cert-file': certificate,
    'tls-key-file': key,
    'tls-ca-cert-file': authority,
    'tls-auth-clients': 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}
