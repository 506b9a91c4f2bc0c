import { z } from 'zod';
import { onDemand } from '../runtime/on-demand.ts';

const webauthn = onDemand(() => import('@simplewebauthn/server/helpers'));

const TEXT_CHARACTERS_MAX = 32_768;
const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;

const base64url = z
  .string()
  .min(1)
  .max(TEXT_CHARACTERS_MAX)
  .regex(/^[\w-]+$/);
/** A credential id has at most 1023 bytes (WebAuthn level 3 section 4). */
const credentialId = base64url.max(1364);
const isTransport = (text: string): text is (typeof TRANSPORTS)[number] =>
  TRANSPORTS.some((known) => known === text);

const registration = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z
      .array(z.string().max(100))
      .max(20)
      .default([])
      .transform((all) => all.filter(isTransport)),
  }),
});
const assertion = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: z.union([base64url, z.literal('')]).nullish(),
  }),
});
const clientData = z.looseObject({
  crossOrigin: z.boolean().optional(),
  topOrigin: z.unknown().optional(),
});

/** What a browser answers when a passkey was made. */
export type RegistrationAnswer = z.output<typeof registration>;
/** What a browser answers when a passkey was used. */
export type AssertionAnswer = z.output<typeof assertion>;

/** Undefined: not of that form, out of a frame of another site, or with an attestation that nobody asked for. */
export async function readRegistration(response: unknown): Promise<RegistrationAnswer | undefined> {
  const { data } = registration.safeParse(response);
  if (data === undefined || !isOwnFrame(data.response.clientDataJSON)) return undefined;
  return (await isUnattested(data.response.attestationObject)) ? data : undefined;
}

/** Undefined: not of that form, or out of a frame of another site. */
export function readAssertion(response: unknown): AssertionAnswer | undefined {
  const { data } = assertion.safeParse(response);
  return data !== undefined && isOwnFrame(data.response.clientDataJSON) ? data : undefined;
}

/**
 * No page of another site may hold ours in a frame and have a passkey used there (WebAuthn level 3 section 13.4.9).
 * The engine lets it pass when the browser names no `topOrigin`.
 */
function isOwnFrame(encoded: string): boolean {
  const { data } = clientData.safeParse(parsed(encoded));
  return data !== undefined && data.crossOrigin !== true && data.topOrigin === undefined;
}

function parsed(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch {
    // It is refused as no object.
    return undefined;
  }
}

/**
 * We ask for no attestation, and browsers then send none or what the passkey signed itself. Anything else was made by
 * hand: its certificates are not even looked at, since checking some kinds calls the URLs that they name.
 */
async function isUnattested(encoded: string): Promise<boolean> {
  const { decodeAttestationObject } = await webauthn();
  try {
    const object = decodeAttestationObject(new Uint8Array(Buffer.from(encoded, 'base64url')));
    const [format, statement] = [object.get('fmt'), object.get('attStmt')];
    return format === 'none' || (format === 'packed' && statement.get('x5c') === undefined);
  } catch {
    // Not CBOR.
    return false;
  }
}
