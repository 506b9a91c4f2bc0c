import { sha256 } from '../runtime/digest.ts';
import type { JsonObject } from '../runtime/json.ts';
import { randomId } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { ClientTable } from '../storage/tables.ts';
import { readStored, storedText } from './client-row.ts';
import { InvalidClient, type ClientPolicy } from './clients.ts';
import { needsSecret, needsSharedSecret } from './metadata.ts';

/** How a secret lies in records: as a digest, and sealed only where the engine has to know it. */
export type SecretColumns = Pick<ClientTable, 'secret_hash' | 'secret_sealed'>;

const SECRET_BYTES = 32;
const NONE: SecretColumns = { secret_hash: null, secret_sealed: null };

/** 256 random bits: too many to guess, so that a plain SHA-256 keeps them well. */
export function newSecret(): string {
  return randomId(SECRET_BYTES, 'client secret');
}

/** What is asked of the secret of a client. */
interface SecretNeeds {
  readonly metadata: JsonObject;
  readonly policy: Partial<ClientPolicy>;
}

/** The columns of a client with this secret, or without one. */
export function secretColumns(
  sealer: Sealer,
  client: SecretNeeds & { readonly id: string; readonly secret: string | undefined },
): SecretColumns {
  const { id, secret } = client;
  if (secret === undefined) return NONE;
  return {
    secret_hash: sha256(secret),
    secret_sealed: isKeptSealed(client)
      ? sealer.seal(Buffer.from(secret, 'utf8'), contextOf(id))
      : null,
  };
}

function isKeptSealed({ metadata, policy }: SecretNeeds): boolean {
  return policy.keepsSecret === true || needsSharedSecret(metadata);
}

/**
 * The secret stays with a client that goes on using it, and goes with one that does not.
 *
 * @throws {InvalidClient} when the new metadata need a secret that nobody has.
 */
export function updatedColumns(
  sealer: Sealer,
  old: ClientTable,
  now: SecretNeeds & { readonly secret: string | undefined },
): SecretColumns {
  const { secret } = now;
  if (!needsSecret(now.metadata)) return NONE;
  if (secret !== undefined) return secretColumns(sealer, { ...now, id: old.id, secret });
  if (old.secret_hash === null) {
    throw new InvalidClient([
      'token_endpoint_auth_method: needs a secret, and the client has none: create it anew',
    ]);
  }
  if (!isKeptSealed(now)) return { secret_hash: old.secret_hash, secret_sealed: null };
  if (old.secret_sealed === null) {
    throw new InvalidClient([
      'token_endpoint_auth_method: needs the secret itself, and only its digest was kept: create the client anew',
    ]);
  }
  return { secret_hash: old.secret_hash, secret_sealed: old.secret_sealed };
}

/** @throws {InvalidClient} when the client uses no secret. */
export function rotatedColumns(
  sealer: Sealer,
  old: ClientTable,
  next: { readonly secret: string; readonly keepUntil: number | undefined },
): SecretColumns & Pick<ClientTable, 'metadata'> {
  const { registered, policy } = readStored(old);
  if (!needsSecret(registered)) {
    throw new InvalidClient(['token_endpoint_auth_method: the client uses no secret']);
  }
  const oldSecret =
    old.secret_hash === null || next.keepUntil === undefined
      ? undefined
      : { hash: old.secret_hash, expiresAt: next.keepUntil };
  return {
    metadata: storedText({ registered, policy, oldSecret }),
    ...secretColumns(sealer, { id: old.id, metadata: registered, policy, secret: next.secret }),
  };
}

/** The same secret, if it is kept sealed, as `next` seals it. @throws {SealBroken} when `sealer` does not open it. */
export function resealedColumns(
  sealer: Sealer,
  next: Sealer,
  { id, secret_sealed: sealed }: ClientTable,
): Partial<SecretColumns> {
  if (sealed === null) return {};
  const plain = sealer.open(sealed, contextOf(id));
  const resealed = next.seal(plain, contextOf(id));
  plain.fill(0);
  return { secret_sealed: resealed };
}

/** @throws {SealBroken} */
export function openSecret(sealer: Sealer, id: string, sealed: string): string {
  return Buffer.from(sealer.open(sealed, contextOf(id))).toString('utf8');
}

function contextOf(id: string): string {
  return `client-secret ${id}`;
}
