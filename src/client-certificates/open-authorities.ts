import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { readRevocationLists } from './revocation-list.ts';
import { isTrusted, type TrustAnchors } from './trust.ts';

/** Who stands for certificates of clients. */
export interface Authorities {
  /** Whether one of them stands for `certificate` now. */
  trust(certificate: X509Certificate): boolean;
  close(): void;
}

/** The authorities, or their lists, cannot be used. */
export class BadAuthorities extends LatchkeyError {
  readonly code = 'ERR_BAD_AUTHORITIES';
}

/** Where they are, and how often, in seconds, they are looked at. */
export interface AuthorityFiles {
  readonly authoritiesFile?: string | undefined;
  readonly revocationListsFile?: string | undefined;
  readonly reloadEvery: number;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The authorities of the files, which are followed as they change; what cannot be read is left alone until it can.
 * Without a file nobody stands for any certificate.
 *
 * @throws {BadAuthorities} when the files cannot be used from the start.
 */
export async function openAuthorities(
  files: AuthorityFiles,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Authorities> {
  let text = await readTexts(files);
  let anchors = anchorsOf(files, text);

  async function reload(): Promise<void> {
    const renewed = await readTexts(files);
    if (renewed.authorities === text.authorities && renewed.lists === text.lists) return;
    anchors = anchorsOf(files, renewed);
    text = renewed;
    logger.info(
      { event: 'mtls.renewed', authorities: anchors.authorities.length },
      'took up new authorities of clients, or new lists of theirs',
    );
  }

  const timer = setInterval(() => {
    reload().catch((error: unknown) => {
      const cause = error instanceof Error ? error : undefined;
      logger.warn(
        { event: 'mtls.not_renewed', error: cause },
        'kept the old authorities of clients and their lists: the new ones cannot be used',
      );
    });
  }, files.reloadEvery * 1000).unref();

  return {
    trust: (certificate) => isTrusted(certificate, anchors, clock.now()),
    close: () => clearInterval(timer),
  };
}

interface Texts {
  readonly authorities: string;
  readonly lists: string | undefined;
}

async function readTexts({ authoritiesFile, revocationListsFile }: AuthorityFiles): Promise<Texts> {
  try {
    return {
      authorities: authoritiesFile === undefined ? '' : await readFile(authoritiesFile, 'utf8'),
      lists:
        revocationListsFile === undefined ? undefined : await readFile(revocationListsFile, 'utf8'),
    };
  } catch (error) {
    throw new BadAuthorities('cannot read the authorities of clients, or their lists', {
      cause: error,
    });
  }
}

function anchorsOf(
  { authoritiesFile }: AuthorityFiles,
  { authorities, lists }: Texts,
): TrustAnchors {
  try {
    const found = [...authorities.matchAll(CERTIFICATE)].map(([pem]) => new X509Certificate(pem));
    if (authoritiesFile !== undefined && found.length === 0)
      throw new BadAuthorities(`${authoritiesFile} holds no certificate`);
    const other = found.find(({ ca }) => !ca);
    if (other)
      throw new BadAuthorities(`${other.subject} is no authority (RFC 5280 section 4.2.1.9)`);
    return {
      authorities: found,
      lists: lists === undefined ? undefined : readRevocationLists(lists),
    };
  } catch (error) {
    if (error instanceof BadAuthorities) throw error;
    throw new BadAuthorities(
      'the authorities of clients, or their lists, are not what they should be',
      {
        cause: error,
      },
    );
  }
}
