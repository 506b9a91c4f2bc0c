import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { encode } from 'cborg';

const UP = 0x01;
const UV = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const ATTESTED = 0x40;

type Algorithm = 'ES256' | 'EdDSA' | 'RS256' | 'ES384';
type Answer = Readonly<Record<string, unknown>>;

/** What is wrong with one answer; left out: nothing. */
export interface Tampering {
  readonly origin?: string;
  readonly type?: string;
  readonly challenge?: string;
  /** More members of `clientDataJSON`. */
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly rpId?: string;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly counter?: number;
  /** Base64url; null: the answer says none. */
  readonly userHandle?: string | null;
  /** Before it is signed. */
  readonly authenticatorData?: (bytes: Buffer) => Buffer;
  readonly signature?: (bytes: Buffer) => Buffer;
  readonly attestation?: {
    readonly fmt: string;
    readonly attStmt: Readonly<Record<string, unknown>>;
  };
}

export interface SoftwareAuthenticatorOptions {
  readonly origin: string;
  readonly algorithm?: Algorithm;
  /** 16 bytes, hexadecimal. */
  readonly aaguid?: string;
  /** Whether it can be copied to other devices; then it does not count. */
  readonly isSynced?: boolean;
}

/** One passkey and its browser, without either. */
export interface SoftwareAuthenticator {
  readonly id: string;
  /** Answers `navigator.credentials.create`. */
  create(options: unknown, tampering?: Tampering): Answer;
  /** Answers `navigator.credentials.get`. */
  get(options: unknown, tampering?: Tampering): Answer;
}

interface Asked {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
}

/** Makes a key pair; what it was asked to keep of the person it answers again. */
export function createSoftwareAuthenticator({
  origin,
  algorithm = 'ES256',
  aaguid = '00'.repeat(16),
  isSynced = false,
}: SoftwareAuthenticatorOptions): SoftwareAuthenticator {
  const { privateKey, coseKey } = createKey(algorithm);
  const id = randomBytes(32);
  let counter = 0;
  let userHandle: string | undefined;

  const clientDataOf = (type: string, { challenge }: Asked, tampering: Tampering): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: tampering.type ?? type,
        challenge: tampering.challenge ?? challenge,
        origin: tampering.origin ?? origin,
        crossOrigin: false,
        ...tampering.clientData,
      }),
    );
  const headOf = (rpId: string, tampering: Tampering, more = 0): Buffer => {
    const { userPresent = true, userVerified = true } = tampering;
    const flags =
      (userPresent ? UP : 0) |
      (userVerified ? UV : 0) |
      (isSynced ? BACKUP_ELIGIBLE | BACKED_UP : 0) |
      more;
    if (!isSynced) counter += 1;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(tampering.counter ?? counter);
    return Buffer.concat([sha256(tampering.rpId ?? rpId), Buffer.from([flags]), count]);
  };
  const answerOf = (response: Answer): Answer => ({
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    clientExtensionResults: {},
    response,
  });

  return {
    id: id.toString('base64url'),
    create(options, tampering = {}) {
      const asked = options as Asked;
      userHandle = asked.user?.id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const made = [Buffer.from(aaguid, 'hex'), length, id, coseKey];
      const head = headOf(asked.rp?.id ?? '', tampering, ATTESTED);
      const plain = Buffer.concat([head, ...made]);
      const authData = tampering.authenticatorData?.(plain) ?? plain;
      const { fmt, attStmt } = tampering.attestation ?? { fmt: 'none', attStmt: {} };
      return answerOf({
        clientDataJSON: clientDataOf('webauthn.create', asked, tampering).toString('base64url'),
        attestationObject: Buffer.from(encode({ fmt, attStmt, authData })).toString('base64url'),
        transports: ['internal', 'hybrid'],
      });
    },
    get(options, tampering = {}) {
      const asked = options as Asked;
      const plain = headOf(asked.rpId ?? '', tampering);
      const authData = tampering.authenticatorData?.(plain) ?? plain;
      const clientData = clientDataOf('webauthn.get', asked, tampering);
      const signed = signature(privateKey, Buffer.concat([authData, sha256(clientData)]));
      const handle = tampering.userHandle === undefined ? userHandle : tampering.userHandle;
      return answerOf({
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: (tampering.signature?.(signed) ?? signed).toString('base64url'),
        ...(handle && { userHandle: handle }),
      });
    },
  };
}

function sha256(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}

function signature(key: KeyObject, data: Buffer): Buffer {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return sign(null, data, key);
  return sign(details?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256', data, key);
}

/** COSE: the numbers are those of RFC 9053. */
function createKey(algorithm: Algorithm): { privateKey: KeyObject; coseKey: Buffer } {
  const { privateKey, publicKey } = keyPair(algorithm);
  const jwk = publicKey.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  const [x, y, n, e] = [bytes(jwk.x), bytes(jwk.y), bytes(jwk.n), bytes(jwk.e)];
  const curve = (alg: number, crv: number): Map<number, unknown> =>
    new Map<number, unknown>([
      [1, 2],
      [3, alg],
      [-1, crv],
      [-2, x],
      [-3, y],
    ]);
  const keys: Record<Algorithm, () => Map<number, unknown>> = {
    ES256: () => curve(-7, 1),
    ES384: () => curve(-35, 2),
    EdDSA: () =>
      new Map<number, unknown>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, x],
      ]),
    RS256: () =>
      new Map<number, unknown>([
        [1, 3],
        [3, -257],
        [-1, n],
        [-2, e],
      ]),
  };
  return { privateKey, coseKey: Buffer.from(encode(keys[algorithm]())) };
}

function keyPair(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
  }
}
