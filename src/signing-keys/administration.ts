import type { Origin } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import { hastened, revoked } from './emergency.ts';
import { KeyOrderRefused } from './faults.ts';
import { importKey, type ImportedKey } from './import-order.ts';
import { createKeyMaker } from './key-material.ts';
import type { SigningKeysOptions } from './open-signing-keys.ts';
import { plansOf } from './promises.ts';
import { resealRings } from './reseal.ts';
import { restoreRing, type RestoredRing } from './restore.ts';
import { createRingCopies } from './ring-copies.ts';
import { createRingEditor, type OrderTools } from './ring-editor.ts';
import { createRingStore } from './ring-store.ts';
import type { Ring } from './ring.ts';
import { phaseOf, type Look } from './schedule.ts';
import type { KeyAlgorithm, SigningAlgorithm } from './signing-keys.ts';
import { livesOf, type KeyLife } from './timeline.ts';

const KID_PREFIX_MIN = 8;
const REASON = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u;

/** What an order to rotate has brought about in one ring. */
export interface Rotation {
  readonly algorithm: KeyAlgorithm;
  /** The key that signs next. */
  readonly kid: string;
  readonly signsFrom: number;
  /** Until then: 0 when it signs already. */
  readonly waitSeconds: number;
}

/** What an order to revoke has brought about. */
export interface RevokedSigningKey {
  readonly kid: string;
  readonly algorithm: KeyAlgorithm;
  /** Whether it may have signed, or been encrypted to: then what it signed is refused, and what was encrypted unread, from now on. */
  readonly tokensRefused: boolean;
  /** The key that signs now, if the revoked one did. */
  readonly successor: string | undefined;
}

/** Orders by hand. Each is one swap that every node follows within a second, on record, and in the log. */
export interface KeyAdministration {
  /** Every key of every ring, also retired and revoked ones. */
  list(): Promise<readonly KeyLife[]>;
  /**
   * The next key signs as soon as every verifier that honours `jwksMaxAge` can know it, or `immediately`:
   * then verifiers that do not read the key set again for an unknown `kid` refuse its tokens for a while.
   * Without an algorithm: in every ring that is configured.
   */
  rotateNow(order: {
    readonly algorithm?: KeyAlgorithm | undefined;
    readonly immediately: boolean;
  }): Promise<readonly Rotation[]>;
  /** Takes a key out of the key set for ever, at once and on every node. `kid` may be its first 8 characters or more. */
  revoke(kid: string, reason: string): Promise<RevokedSigningKey>;
  /** Makes the private key in `material` (PEM or JWK) the next one of its ring. */
  import(material: string, algorithm: SigningAlgorithm): Promise<ImportedKey>;
  /** Seals every ring under the first master key of `sealer`, which must be the first of all nodes, and ours, already. Gives the number of keys. */
  reseal(sealer: Sealer): Promise<number>;
  /** Puts a last good copy back into a state that has lost or broken its ring; `replace`: also in the place of another ring. */
  restore(file: string, options?: { readonly replace?: boolean }): Promise<RestoredRing>;
}

/** What the administration needs; it works beside running nodes, or without any. */
export interface KeyAdministrationOptions extends Omit<SigningKeysOptions, 'elapsedMs' | 'signal'> {
  /** Who gives the orders; left out: the CLI. */
  readonly origin?: Origin | undefined;
}

/** The orders for the rings of one namespace. @throws {KeyOrderRefused} from every order that cannot be carried out. */
export function createKeyAdministration(options: KeyAdministrationOptions): KeyAdministration {
  const tools = toolsOf(options);
  return {
    async list() {
      const rings = await tools.editor.readAll();
      return rings.flatMap((ring) => livesOf(ring, lookAt(tools, ring)));
    },
    async rotateNow({ algorithm, immediately }) {
      const { algorithms } = tools;
      if (algorithm && !algorithms.includes(algorithm))
        throw new KeyOrderRefused(`${algorithm} is not among the configured algorithms`);
      const rotations: Rotation[] = [];
      for (const name of algorithm ? [algorithm] : algorithms)
        rotations.push(await rotate(tools, name, immediately));
      return rotations;
    },
    revoke: (kid, reason) => revoke(tools, kid, reason.trim()),
    import: (material, algorithm) => importKey(tools, material, algorithm),
    reseal: (sealer) => resealRings(tools, sealer),
    restore: (file, { replace = false } = {}) => restoreRing(tools, file, replace),
  };
}

function toolsOf(options: KeyAdministrationOptions): OrderTools {
  const { settings, state, clock, logger, audit, sealer, namespace } = options;
  const store = createRingStore({ state, namespace, sealer });
  const copies = createRingCopies({ folder: settings.folder, namespace, sealer, logger });
  const make = createKeyMaker(namespace, sealer);
  const editor = createRingEditor({ store, copies, make });
  const origin = options.origin ?? { address: 'cli' };
  const { folder } = settings;
  const algorithms = [...settings.algorithms, ...(options.encryptionAlgorithms ?? [])];
  const keeping = { store, copies, make, editor, planFor: plansOf(settings) };
  return { ...keeping, clock, logger, audit, sealer, namespace, origin, algorithms, folder };
}

async function rotate(
  tools: OrderTools,
  algorithm: KeyAlgorithm,
  immediately: boolean,
): Promise<Rotation> {
  const { editor, clock, planFor, audit, logger, origin } = tools;
  const { result: next } = await editor.change(algorithm, (ring, spare) => {
    const done = hastened(ring, planFor(algorithm), { now: clock.now(), immediately, spare });
    return done && { ring: done.ring, result: done.next };
  });
  const { kid, signsFrom } = next;
  logger.info(
    { event: 'key.rotated', kid, algorithm, signsFrom, immediately },
    'the next signing key was called',
  );
  await audit.record({ type: 'key.rotated', kid, algorithm, immediately, origin });
  return { algorithm, kid, signsFrom, waitSeconds: Math.max(0, signsFrom - clock.now()) };
}

async function revoke(tools: OrderTools, name: string, reason: string): Promise<RevokedSigningKey> {
  const { editor, planFor, audit, logger, origin } = tools;
  if (!REASON.test(reason))
    throw new KeyOrderRefused('a reason of 1 to 200 characters must be given');
  const { kid, algorithm } = findKey(await editor.readAll(), name);
  const { result } = await editor.change(
    algorithm,
    (ring, spare) => {
      const look = lookAt(tools, ring);
      const target = ring.keys.find((key) => key.kid === kid);
      const phase = target && phaseOf(ring, target, look);
      const next = ring.revoked.some((key) => key.kid === kid)
        ? ring
        : revoked(ring, planFor(algorithm), { kid, reason, look, spare });
      const successor =
        phase === 'signing'
          ? next?.keys.find((key) => phaseOf(next, key, look) === 'signing')
          : undefined;
      return (
        next && {
          ring: next,
          result: { tokensRefused: phase !== 'published', successor: successor?.kid },
        }
      );
    },
    { essential: true },
  );
  logger.warn({ event: 'key.revoked', kid, algorithm, reason }, 'a signing key was revoked');
  await audit.record({ type: 'key.revoked', kid, algorithm, reason, origin });
  return { kid, algorithm, ...result };
}

/** The one key that is meant, whether it is in use, retired, or long gone. */
function findKey(
  rings: readonly Ring[],
  name: string,
): { readonly kid: string; readonly algorithm: KeyAlgorithm } {
  const found = rings.flatMap(({ algorithm, keys, retired, past }) => {
    const kids = new Set([
      ...keys.map(({ kid }) => kid),
      ...retired.map(({ kid }) => kid),
      ...past,
    ]);
    return [...kids].filter((kid) => kid.startsWith(name)).map((kid) => ({ kid, algorithm }));
  });
  const [first, ...others] = found;
  if (!first || name.length < KID_PREFIX_MIN)
    throw new KeyOrderRefused(`no key is called ${name}; see: latchkey keys list`);
  if (others.length > 0) throw new KeyOrderRefused(`more than one key begins with ${name}`);
  return first;
}

function lookAt({ clock, algorithms }: OrderTools, { algorithm }: Ring): Look {
  return { now: clock.now(), wanted: algorithms.includes(algorithm) };
}
