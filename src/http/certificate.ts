import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';

/** What a TLS server shows and signs with. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that may be renewed while it is in use. */
export interface Certificate {
  current(): CertificatePair;
  onChange(listener: (renewed: CertificatePair) => void): void;
  close(): void;
}

/** The certificate, or its key, cannot be used. */
export class BadCertificate extends LatchkeyError {
  readonly code = 'ERR_BAD_CERTIFICATE';
}

interface Files {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** How often, in seconds, the files are looked at. */
  readonly reloadEvery: number;
}

const WORLD_READABLE = 0o004;

/**
 * A certificate from two PEM files, followed as they change. A pair that does not match, as while only one of
 * them is replaced, is left alone until it does.
 *
 * @throws {BadCertificate} when they cannot be used from the start, or anyone may read the key.
 */
export async function openCertificate(files: Files, logger: Logger): Promise<Certificate> {
  const listeners = new Set<(renewed: CertificatePair) => void>();
  let current = await readPair(files);

  async function reload(): Promise<void> {
    const renewed = await readPair(files);
    if (renewed.cert === current.cert && renewed.key === current.key) return;
    current = renewed;
    for (const listener of listeners) listener(renewed);
    logger.info({ event: 'tls.renewed', file: files.certificateFile }, 'took up a new certificate');
  }

  const timer = setInterval(() => {
    reload().catch((error: unknown) => {
      const cause = error instanceof Error ? error : undefined;
      logger.warn(
        { event: 'tls.not_renewed', error: cause },
        'kept the old certificate: the new one cannot be used',
      );
    });
  }, files.reloadEvery * 1000).unref();

  return {
    current: () => current,
    onChange: (listener) => void listeners.add(listener),
    close: () => clearInterval(timer),
  };
}

async function readPair({ certificateFile, keyFile }: Files): Promise<CertificatePair> {
  try {
    await refuseWorldReadable(keyFile);
    const [cert, key] = await Promise.all([
      readFile(certificateFile, 'utf8'),
      readFile(keyFile, 'utf8'),
    ]);
    // Throws when the two do not belong together.
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    if (error instanceof BadCertificate) throw error;
    throw new BadCertificate(`${certificateFile} and ${keyFile} are no certificate with its key`, {
      cause: error,
    });
  }
}

async function refuseWorldReadable(file: string): Promise<void> {
  const { mode } = await stat(file);
  // Windows keeps no such bits.
  if (process.platform !== 'win32' && (mode & WORLD_READABLE) !== 0)
    throw new BadCertificate(`anyone on this machine may read ${file}: chmod 600 ${file}`);
}
