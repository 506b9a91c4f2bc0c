import { domainToASCII } from 'node:url';

/** A sign-in name, folded: two names with one key are the same name. */
export interface Login {
  readonly kind: 'email' | 'username';
  readonly key: string;
}

const USERNAME_CHARACTERS_MAX = 64;
const EMAIL_CHARACTERS_MAX = 254;
const LOCAL_PART_CHARACTERS_MAX = 64;
/** Letters and digits of any script, and `. _ -` between them. */
const USERNAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._-]*[\p{L}\p{M}\p{N}])?$/u;
/** Characters of a local part without quotes (RFC 5322 dot-atom), and letters beyond ASCII (RFC 6531). */
const LOCAL_PART =
  /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
/** As the host part is written, before it is folded: no percent-encoding, no address literal. */
const DOMAIN_WRITTEN = /^[\p{L}\p{M}\p{N}.-]+$/u;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Scripts with letters that look alike; a name takes its letters from one of them at most. */
const LOOKALIKE_SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
];

/**
 * What a person typed into the sign-in field. An `@` makes it an e-mail address, since no username holds
 * one. Undefined: it can be nobody's name.
 */
export function foldLogin(typed: string): Login | undefined {
  const text = typed.trim();
  const kind = text.includes('@') ? 'email' : 'username';
  const key = kind === 'email' ? foldEmail(text) : foldUsername(text);
  return key === undefined ? undefined : { kind, key };
}

/**
 * NFKC, then lower case, and one form of the Greek sigma: `Ａlice` and `ALICE` are `alice`. Undefined for a
 * name that is empty, too long, holds anything but letters, digits and `. _ -` between them, or mixes
 * scripts that look alike (`pаypal` with a Cyrillic `а`).
 */
export function foldUsername(username: string): string | undefined {
  // Long input is refused before it is folded, which may make it eighteen times as long.
  if (username.length > USERNAME_CHARACTERS_MAX) return undefined;
  const key = lowerCase(username.normalize('NFKC')).normalize('NFKC');
  const isSound =
    key.length <= USERNAME_CHARACTERS_MAX && USERNAME.test(key) && !mixesLookalikes(key);
  return isSound ? key : undefined;
}

/**
 * Lower case throughout, the domain in its ASCII form (`bücher.example` is `xn--bcher-kva.example`).
 * The standard lets a host tell `Alice@` from `alice@`; none does, and two such accounts would confuse.
 * Undefined for what is no plain address, and for compatibility characters such as full-width letters.
 */
export function foldEmail(email: string): string | undefined {
  if (email.length > EMAIL_CHARACTERS_MAX) return undefined;
  const text = email.normalize('NFC');
  if (text !== text.normalize('NFKC')) return undefined;
  const at = text.lastIndexOf('@');
  const local = lowerCase(text.slice(0, at)).normalize('NFC');
  const domain = foldDomain(text.slice(at + 1));
  const isSound =
    at > 0 &&
    local.length <= LOCAL_PART_CHARACTERS_MAX &&
    LOCAL_PART.test(local) &&
    !mixesLookalikes(local);
  return isSound && domain !== undefined ? `${local}@${domain}` : undefined;
}

function foldDomain(written: string): string | undefined {
  if (!DOMAIN_WRITTEN.test(written)) return undefined;
  const domain = domainToASCII(written);
  return DOMAIN.test(domain) && domain.length <= EMAIL_CHARACTERS_MAX ? domain : undefined;
}

/** Lower case, where a sigma is one letter wherever it stands in its word. */
function lowerCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}

function mixesLookalikes(text: string): boolean {
  return LOOKALIKE_SCRIPTS.filter((script) => script.test(text)).length > 1;
}
