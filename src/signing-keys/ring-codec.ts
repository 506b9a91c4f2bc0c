import { z } from 'zod';
import { sha256 } from '../runtime/digest.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import { RING_ALGORITHMS, type Ring } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

const instant = z.int();
const publicJwk = z.record(z.string(), z.string());

const ringSchema = z.strictObject({
  algorithm: z.enum(RING_ALGORITHMS),
  birth: z.string(),
  number: z.int(),
  slots: z.int(),
  opensAt: instant,
  keys: z.array(
    z.strictObject({
      kid: z.string(),
      slot: z.int(),
      source: z.enum(['generated', 'imported']),
      publicJwk,
      sealed: z.string().optional(),
      publishedAt: instant,
      signsFrom: instant,
      signsUntil: instant,
      verifyForSeconds: z.int(),
    }),
  ),
  retired: z.array(z.strictObject({ kid: z.string(), publicJwk, until: instant })),
  revoked: z.array(z.strictObject({ kid: z.string(), at: instant, reason: z.string() })),
  past: z.array(z.string()),
});

const envelopeSchema = z.strictObject({
  format: z.literal(1),
  ring: z.record(z.string(), z.json()),
  proof: z.string(),
});

/** Which ring a text must be: proven, so that no ring can be put in the place of another. */
export interface RingIdentity {
  readonly namespace: string;
  readonly algorithm: KeyAlgorithm;
}

/**
 * A ring as state and files hold it: readable, its private halves sealed, and with a proof, sealed too,
 * that this installation wrote it just so.
 */
export function encodeRing(ring: Ring, namespace: string, sealer: Sealer): JsonObject {
  const plain = withoutUndefined(ring);
  const digest = Buffer.from(sha256(canonical(plain)), 'utf8');
  const { algorithm } = ring;
  const proof = sealer.seal(digest, proofContext({ namespace, algorithm }));
  return { format: 1, ring: plain, proof };
}

/**
 * The ring that `encodeRing` wrote; otherwise, in words, what is wrong with `value`.
 * One byte more, less or other is noticed, wherever it stands.
 */
export function decodeRing(value: Json, identity: RingIdentity, sealer: Sealer): Ring | string {
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) return 'it is not a ring, or only a part of one';
  const { ring, proof } = envelope.data;
  try {
    const digest = Buffer.from(sealer.open(proof, proofContext(identity))).toString('utf8');
    if (digest !== sha256(canonical(ring))) return 'it was changed after it was written';
  } catch (error) {
    if (error instanceof SealBroken) return `its proof does not open: ${error.message}`;
    throw error;
  }
  const decoded = ringSchema.safeParse(ring);
  return decoded.success ? decoded.data : 'it was written by a newer version of Latchkey';
}

function proofContext({ namespace, algorithm }: RingIdentity): string {
  return `signing-key-ring ${namespace} ${algorithm}`;
}

/** One text for one value, whatever order an engine gives the members in. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, member: Json) => (isObject(member) ? sorted(member) : member));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(object: JsonObject): JsonObject {
  const entries = Object.entries(object);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function withoutUndefined(ring: Ring): JsonObject {
  const keys = ring.keys.map(({ sealed, ...key }) =>
    sealed === undefined ? key : { ...key, sealed },
  );
  const { algorithm, birth, number, slots, opensAt, past } = ring;
  const retired = ring.retired.map((key) => ({ ...key }));
  const revoked = ring.revoked.map((key) => ({ ...key }));
  return { algorithm, birth, number, slots, opensAt, keys, retired, revoked, past };
}
