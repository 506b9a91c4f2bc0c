import { Secret, TOTP, URI } from 'otpauth';
import { drawBytes } from '../runtime/random.ts';

const STEP_SECONDS = 30;
const DIGITS = 6;
/** RFC 4226 section 4 R6: at least 128 bits, 160 advised. */
const SECRET_BYTES = 20;
/** What many systems still give; fewer can be guessed. */
const CARRIED_BYTES = { min: 10, max: 128 };
const BASE32 = /^[A-Z2-7]+$/;
const GROUP = /.{1,4}/g;
const CODE = /^\d{6}$/;

/** A new secret, base32. */
export function newSecret(): string {
  const bytes = drawBytes(SECRET_BYTES, 'authenticator app');
  return new Secret({ buffer: Uint8Array.from(bytes).buffer }).base32;
}

/** `otpauth://totp/...`, as authenticator apps read it. */
export function enrolmentUri(secret: string, issuer: string, label: string): string {
  return totpOf(secret, { issuer, label }).toString();
}

/**
 * The secret of an app that was set up elsewhere, base32: alone, or in its `otpauth://` address. Undefined: it is none,
 * too short, or of an app that computes otherwise than ours.
 */
export function secretIn(given: string): string | undefined {
  const base32 = given.startsWith('otpauth:') ? secretOfUri(given) : given;
  const bare = base32?.replaceAll(/[\s-]|=+$/g, '').toUpperCase() ?? '';
  if (!BASE32.test(bare)) return undefined;
  const secret = Secret.fromBase32(bare);
  const { min, max } = CARRIED_BYTES;
  const bytes = secret.buffer.byteLength;
  return bytes >= min && bytes <= max ? secret.base32 : undefined;
}

function secretOfUri(uri: string): string | undefined {
  try {
    const app = URI.parse(uri);
    const isOurs =
      app instanceof TOTP &&
      app.algorithm === 'SHA1' &&
      app.digits === DIGITS &&
      app.period === STEP_SECONDS;
    return isOurs ? app.secret.base32 : undefined;
  } catch {
    // The library throws errors of many kinds for what is no such address.
    return undefined;
  }
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
