import { isIP } from 'node:net';
import { isLoopbackHost } from '../config/installation.ts';

/** Whom passkeys are made for, and where they may be used. */
export interface RelyingParty {
  /** The domain, as WebAuthn knows it. */
  readonly id: string;
  /** What the browser shows. */
  readonly name: string;
  readonly origins: readonly [string, ...string[]];
  /** False: no browser makes passkeys for an address in place of a name. */
  readonly available: boolean;
}

/** The relying party of an issuer. */
export function relyingPartyOf(options: {
  readonly issuer: string;
  readonly name: string;
  readonly rpId: string | undefined;
  readonly origins: readonly string[];
}): RelyingParty {
  const { hostname, origin } = new URL(options.issuer);
  return {
    id: options.rpId ?? hostname,
    name: options.name,
    origins: [origin, ...options.origins],
    available: canHavePasskeys(hostname),
  };
}

/** Only a domain can be an RP ID (WebAuthn level 3 section 5.1.3). */
export function canHavePasskeys(hostname: string): boolean {
  return isIP(hostname.replace(/^\[(?<address>.*)\]$/, '$<address>')) === 0;
}

/** Why `rpId` cannot be that of an issuer at `hostname`; undefined: it can. */
export function rpIdProblem(rpId: string, hostname: string): string | undefined {
  if (!canHavePasskeys(hostname))
    return `passkeys need a name, and the issuer's host ${hostname} is an address`;
  if (!isWithin(hostname, rpId))
    return `must be ${hostname}, the issuer's host, or a domain above it: browsers refuse others`;
  // Whoever has another name under a top-level domain could use the passkeys there, if browsers let them.
  if (rpId !== hostname && !rpId.includes('.'))
    return `${rpId} is everybody's: take ${hostname} or a domain that is yours`;
  return undefined;
}

/** Why passkeys of `rpId` cannot be used at `origin`; undefined: they can. */
export function originProblem(origin: string, rpId: string): string | undefined {
  const { protocol, hostname } = new URL(origin);
  if (!isWithin(hostname, rpId)) return `is not within ${rpId}: browsers refuse it`;
  if (protocol !== 'https:' && !isLoopbackHost(hostname))
    return 'is http: browsers offer passkeys on https alone';
  return undefined;
}

function isWithin(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}
