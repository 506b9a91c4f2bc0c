import { Secret, TOTP } from 'otpauth';

const STEP_SECONDS = 30;
const DIGITS = 6;
/** RFC 4226 section 4 R6: at least 128 bits, 160 advised. */
const SECRET_BYTES = 20;
const GROUP = /.{1,4}/g;
const CODE = /^\d{6}$/;

/** A new secret, base32. */
export function newSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** `otpauth://totp/...`, as authenticator apps read it. */
export function enrolmentUri(secret: string, issuer: string, label: string): string {
  return totpOf(secret, { issuer, label }).toString();
}

/** In groups of four, to be typed. */
export function grouped(secret: string): string {
  return (secret.match(GROUP) ?? []).join(' ');
}

/**
 * The step whose code was typed: the present one, the one before or the one after (RFC 6238 section 5.2), for clocks
 * that differ and for people who type slowly. Undefined: none of them.
 */
export function stepOf(typed: string, secret: string, nowMs: number): number | undefined {
  const token = typed.normalize('NFKC').replaceAll(/[\s-]/g, '');
  if (!CODE.test(token)) return undefined;
  const delta = totpOf(secret).validate({ token, timestamp: nowMs, window: 1 });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta;
}

function totpOf(secret: string, names: { issuer?: string; label?: string } = {}): TOTP {
  const how = { algorithm: 'SHA1', digits: DIGITS, period: STEP_SECONDS };
  return new TOTP({ ...names, ...how, secret: Secret.fromBase32(secret) });
}
