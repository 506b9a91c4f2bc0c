import { httpProblem, isLoopbackHost, uriTextProblem, type UrlRules } from './web-url.ts';

/** What a redirect URI may be, by the client it belongs to. */
export interface RedirectUriRules extends UrlRules {
  /** `application_type` is `native`: private-use schemes are its own (RFC 8252 section 7.1). */
  readonly isNative: boolean;
}

/** Reverse-domain schemes only, since nobody can own a word: `com.example.app:/callback`. */
const PRIVATE_USE = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\//;
/** Also where a host would stand, and with the parameters that some servers cut off: `..;/`. */
const DOT_SEGMENT = /\/\.{1,2}(?:;[^/]*)?(?:\/|$)/;
/** Dots, slashes and percent signs in disguise, once or more often: another program may undo it. */
const DISGUISED = /%(?:25)*(?:2e|2f|5c)|%25/i;

/**
 * Why `uri` cannot be registered for redirects; undefined: it can. It will only ever be compared byte for
 * byte (RFC 9700 section 4.1.3), so it must be written as browsers write it, and leave no doubt where it leads.
 */
export function redirectUriProblem(uri: string, rules: RedirectUriRules): string | undefined {
  const problem = uriTextProblem(uri) ?? shapeProblem(uri);
  if (problem !== undefined) return problem;
  if (/^https?:/i.test(uri)) return webProblem(uri, rules);
  return rules.isNative ? privateUseProblem(uri) : 'must be https, or http on a loopback host';
}

function shapeProblem(uri: string): string | undefined {
  if (uri.includes('*')) return 'must not hold a wildcard: every URI is registered in full';
  if (uri.includes('#')) return 'must not have a fragment';
  const [path = ''] = uri.split('?');
  if (DISGUISED.test(path))
    return 'must not hold encoded dots, slashes or percent signs in its path';
  return DOT_SEGMENT.test(path) ? 'must not hold dot segments' : undefined;
}

function webProblem(uri: string, { isNative, isDev }: RedirectUriRules): string | undefined {
  const problem = httpProblem(uri);
  if (problem !== undefined) return problem;
  const { protocol, hostname } = new URL(uri);
  if (protocol === 'http:' && !mayDoWithoutTls(hostname, isDev)) {
    return 'must be https, or http on a loopback host';
  }
  if (isNative && protocol === 'https:' && isLoopbackHost(hostname)) {
    return 'must be http on a loopback host: no app can have a certificate for it';
  }
  return canonicalProblem(uri);
}

/** Browsers keep `*.localhost` on this machine (RFC 6761); other programs may not, so only in dev. */
function mayDoWithoutTls(hostname: string, isDev: boolean): boolean {
  return isLoopbackHost(hostname) || (isDev && hostname.endsWith('.localhost'));
}

function privateUseProblem(uri: string): string | undefined {
  if (!PRIVATE_USE.test(uri)) {
    return 'must be https, http on a loopback host, or a scheme of yours with a dot: com.example.app:/callback';
  }
  const url = new URL(uri);
  return url.username !== '' || url.password !== ''
    ? 'must not hold a user or a password'
    : canonicalProblem(uri);
}

/** Upper case, default ports, dot segments, numbers for hosts: all that a parser would rewrite. */
function canonicalProblem(uri: string): string | undefined {
  const { href } = new URL(uri);
  // The one thing everybody leaves off, and browsers do not mind: the path of a bare origin.
  return href === uri || href === `${uri}/` ? undefined : `must be written as ${href}`;
}
