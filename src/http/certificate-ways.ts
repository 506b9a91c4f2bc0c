import type { HeaderFormat } from '../client-certificates/client-certificate.ts';
import { mtlsOrigin, type MtlsAddress } from '../client-certificates/mtls-origin.ts';
import {
  openAuthorities,
  type Authorities,
  type AuthorityFiles,
} from '../client-certificates/open-authorities.ts';
import type { Protocol } from '../provider/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** Where clients may show certificates. */
export interface CertificateWays {
  readonly authorities: Authorities;
  /** A listener that asks for them. */
  readonly listener: { readonly host: string; readonly port: number } | undefined;
  /** A header by which the listed proxies hand them on. */
  readonly header: { readonly name: string; readonly format: HeaderFormat } | undefined;
  /** `https://mtls.id.example.com:4443`: where clients reach either; undefined: where everyone does. */
  readonly origin: string | undefined;
  /** Whether `path` is one that programs call: they alone show certificates. */
  isForPrograms(path: string): boolean;
}

interface WaySettings extends MtlsAddress, AuthorityFiles {
  readonly listener?: CertificateWays['listener'];
  readonly header?: CertificateWays['header'];
}

/** Undefined: they are switched off. @throws {BadAuthorities} */
export async function openCertificateWays(
  settings: WaySettings,
  parts: {
    readonly profile: { readonly issuer: string };
    readonly protocol: Pick<Protocol, 'isForPrograms'>;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): Promise<CertificateWays | undefined> {
  if (!settings.enabled) return undefined;
  const { profile, protocol } = parts;
  return {
    authorities: await openAuthorities(settings, parts),
    listener: settings.listener,
    header: settings.header,
    origin: mtlsOrigin(settings, profile.issuer),
    isForPrograms: (path) => protocol.isForPrograms(path),
  };
}
