import { z } from 'zod';
import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';

const SECRET_BYTES = 24;
const DIGITS = 6;
const CODE = /^\d{6}$/;
const LINK_TOKEN = /^(?<flow>[\w-]{43})\.(?<secret>[\w-]{32})$/;

/** What is kept of a code. */
export const emailCodeRecord = z.strictObject({
  kind: z.literal('EmailCode'),
  /** Keyed digest of flow, account and code. */
  code: z.string(),
  /** SHA-256 of the secret in the link. */
  link: z.string(),
});

export type EmailCodeRecord = z.output<typeof emailCodeRecord>;

/** A code that was used, so that nobody takes it for one that never was. */
export const USED = { kind: 'UsedEmailCode' } as const;

/** A secret for a link, and the code that follows from it: whoever has the link can be shown the code. */
export function newLinkSecret(): string {
  return randomId(SECRET_BYTES, 'e-mail code');
}

/** Six digits; of 48 bits, so that none is likelier than another by more than one in 2^28. */
export function codeOf(linkSecret: string): string {
  const digest = Buffer.from(sha256(`e-mail code ${linkSecret}`), 'base64url');
  return String(digest.readUIntBE(0, 6) % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The digits that were typed; undefined: not six. */
export function readEmailCode(typed: string): string | undefined {
  if (typed.length > 100) return undefined;
  const digits = typed.normalize('NFKC').replaceAll(/[\s-]/g, '');
  return CODE.test(digits) ? digits : undefined;
}

/** Flow and secret of a link token. */
export function readLinkToken(
  token: string,
): { readonly flow: string; readonly secret: string } | undefined {
  const { flow, secret } = LINK_TOKEN.exec(token)?.groups ?? {};
  return flow === undefined || secret === undefined ? undefined : { flow, secret };
}
