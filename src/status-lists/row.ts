import { digestOf, type HandleKind } from '../revocation/digest.ts';
import type { Digest } from '../revocation/handle-table.ts';
import { parseMark } from '../revocation/mark.ts';
import type { IssuedToken } from './status-lists.ts';

/** What is kept of a token that has an index: digests, by which it can be found when something is revoked. */
export interface Row {
  /** Its place in the list before the shuffle. */
  readonly position: number;
  readonly expiresAt: number;
  /** Of its mark. Empty: it has none, and was never good. */
  readonly epoch: string;
  readonly number: number;
  /** In the order of `HANDLES`; zeros where the token has no such handle. */
  readonly digests: readonly Digest[];
}

/** What a token can be taken back by, besides `before`. */
export const HANDLES: readonly HandleKind[] = ['token', 'grant', 'session', 'account', 'client'];

/** A row in the ledger: position, expiry, number, digests. */
const ROW_BYTES = 4 + 4 + 8 + 8 * HANDLES.length;
const DIGESTS_AT = 16;
const DIGEST_BYTES = 8;
const NONE: Digest = { high: 0, low: 0 };

/** The row of a token at `position`. */
export function rowOf(token: IssuedToken, position: number): Row {
  const mark = parseMark(token.mark);
  return {
    position,
    expiresAt: Math.ceil(token.expiresAt),
    epoch: mark?.epoch ?? '',
    number: mark?.number ?? 0,
    digests: [
      digestOf('token', token.jti),
      digestIf('grant', token.grantId),
      digestIf('session', token.sessionUid),
      digestIf('account', token.accountId),
      digestOf('client', token.clientId),
    ],
  };
}

function digestIf(kind: HandleKind, handle: string | undefined): Digest {
  return handle === undefined ? NONE : digestOf(kind, handle);
}

/** Rows of one epoch, as the ledger holds them: base64. */
export function encodeRows(rows: readonly Row[]): string {
  const bytes = Buffer.alloc(rows.length * ROW_BYTES);
  for (const [index, { position, expiresAt, number, digests }] of rows.entries()) {
    const at = index * ROW_BYTES;
    bytes.writeUInt32LE(position, at);
    bytes.writeUInt32LE(expiresAt, at + 4);
    bytes.writeDoubleLE(number, at + 8);
    for (const [kind, { high, low }] of digests.entries()) {
      bytes.writeUInt32LE(high, at + DIGESTS_AT + kind * DIGEST_BYTES);
      bytes.writeUInt32LE(low, at + DIGESTS_AT + kind * DIGEST_BYTES + 4);
    }
  }
  return bytes.toString('base64');
}

/** @throws {TypeError} when it is not whole. */
export function decodeRows(text: string, epoch: string): readonly Row[] {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % ROW_BYTES !== 0) throw new TypeError('rows of a ledger are not whole');
  return Array.from({ length: bytes.length / ROW_BYTES }, (_, index) => {
    const at = index * ROW_BYTES;
    return {
      position: bytes.readUInt32LE(at),
      expiresAt: bytes.readUInt32LE(at + 4),
      epoch,
      number: bytes.readDoubleLE(at + 8),
      digests: HANDLES.map((_kind, kind) => ({
        high: bytes.readUInt32LE(at + DIGESTS_AT + kind * DIGEST_BYTES),
        low: bytes.readUInt32LE(at + DIGESTS_AT + kind * DIGEST_BYTES + 4),
      })),
    };
  });
}
