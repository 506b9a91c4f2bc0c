import {
  createPrivateKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { readPrivateFile, writePrivateFile } from '../runtime/private-files.ts';
import type { CertificatePair } from './certificate.ts';
import { issueCertificate } from './x509.ts';

/** A certificate for this machine, and the authority that a browser must trust for it. */
export interface DevCertificate extends CertificatePair {
  /** The PEM file to import into browsers, or to name in `NODE_EXTRA_CA_CERTS`. */
  readonly authorityFile: string;
}

const DAY = 86_400;
const AUTHORITY_LIFE = 3650 * DAY;
/** What browsers accept at most, less a margin. */
const SERVER_LIFE = 390 * DAY;
/** So that a clock a little behind ours finds it valid. */
const BACKDATED = DAY;
const AUTHORITY_NAME = 'Latchkey dev authority';
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/**
 * For the dev profile alone: an authority made once and kept in `folder`, readable by its owner alone, and a
 * certificate for `host` and the loopback names, fresh at each start.
 */
export async function openDevCertificate(
  folder: string,
  host: string,
  clock: Clock,
): Promise<DevCertificate> {
  const certificateFile = join(folder, 'dev-authority.crt');
  const keyFile = join(folder, 'dev-authority.key');
  const now = clock.now();
  const kept = await readAuthority(certificateFile, keyFile, now);
  const authority = kept ?? createAuthority(now);
  if (kept === undefined) {
    await writePrivateFile(keyFile, pemOf(authority.key));
    await writePrivateFile(certificateFile, authority.certificate);
  }
  const server = createKey();
  const certificate = issueCertificate({
    subject: host,
    subjectKey: server,
    issuer: AUTHORITY_NAME,
    issuerKey: authority.key,
    notBefore: now - BACKDATED,
    notAfter: now + SERVER_LIFE,
    hosts: [...new Set([host, ...LOOPBACK])],
  });
  return {
    cert: certificate + authority.certificate,
    key: pemOf(server),
    authorityFile: certificateFile,
  };
}

interface Authority {
  readonly key: KeyObject;
  readonly certificate: string;
}

/** Undefined when there is none yet, or it will not outlive a certificate under it. */
async function readAuthority(
  certificateFile: string,
  keyFile: string,
  now: number,
): Promise<Authority | undefined> {
  const [certificate, key] = [
    await readPrivateFile(certificateFile),
    await readPrivateFile(keyFile),
  ];
  if (certificate === undefined || key === undefined) return undefined;
  const validUntil = new X509Certificate(certificate).validToDate.getTime() / 1000;
  if (validUntil < now + SERVER_LIFE) return undefined;
  return { key: createPrivateKey(key), certificate: certificate.toString('utf8') };
}

function createAuthority(now: number): Authority {
  const key = createKey();
  const certificate = issueCertificate({
    subject: AUTHORITY_NAME,
    subjectKey: key,
    issuer: AUTHORITY_NAME,
    issuerKey: key,
    notBefore: now - BACKDATED,
    notAfter: now + AUTHORITY_LIFE,
    hosts: undefined,
  });
  return { key, certificate };
}

function createKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
