/** Which URLs may do without TLS: in the dev profile any, elsewhere what stays on this machine. */
export interface UrlRules {
  readonly isDev: boolean;
}

const CHARACTERS_MAX = 2048;
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** A host that means this machine to every browser (RFC 8252 section 7.3). */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOSTS.has(hostname);
}

/**
 * Why `text` cannot be a URI of any kind, whatever it is for; undefined: it can. Anything that two programs
 * might read in two ways is refused: what one of them checks, another would follow.
 */
export function uriTextProblem(text: string): string | undefined {
  if (text.length > CHARACTERS_MAX) return `must be at most ${CHARACTERS_MAX} characters long`;
  if (!/^[\x21-\x7E]+$/.test(text)) return 'must be ASCII without spaces and control characters';
  if (/[\\<>"`{}|^]/.test(text)) return 'must not hold any of \\ < > " ` { } | ^';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'must hold % only before two hexadecimal digits';
  if (/%(?:[01][0-9A-Fa-f]|7F)/i.test(text)) return 'must not hold encoded control characters';
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return 'must be absolute: https://...';
  return URL.canParse(text) ? undefined : 'cannot be read as a URL';
}

/** Why `text` cannot be a page of the client's that people are shown; undefined: it can. */
export function pageUrlProblem(text: string, { isDev }: UrlRules): string | undefined {
  const problem = uriTextProblem(text) ?? httpProblem(text);
  if (problem !== undefined || isDev || text.startsWith('https:')) return problem;
  return 'must be https';
}

/** Why `text` cannot be an address of the client's that this server calls; undefined: it can. */
export function endpointUrlProblem(text: string, rules: UrlRules): string | undefined {
  const problem = uriTextProblem(text) ?? httpProblem(text);
  if (problem !== undefined) return problem;
  if (text.includes('#')) return 'must not have a fragment';
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || rules.isDev || isLoopbackHost(hostname)
    ? undefined
    : 'must be https, or http on a loopback host';
}

/** Why `text` is not an http or https URL with a host and without credentials. */
export function httpProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\/[^/]/.test(text)) return 'must begin with https://';
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/?#]*@/.test(text)) {
    return 'must not hold a user or a password';
  }
  return url.hostname.endsWith('.') ? 'must not have a host that ends in a dot' : undefined;
}
