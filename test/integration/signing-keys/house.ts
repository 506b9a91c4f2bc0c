import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { AuditEvent } from '../../../src/audit/audit.ts';
import {
  createKeyAdministration,
  type KeyAdministration,
} from '../../../src/signing-keys/administration.ts';
import { signingKeysConfig, type SigningKeysSettings } from '../../../src/signing-keys/config.ts';
import { openSealer } from '../../../src/signing-keys/master-key.ts';
import {
  openSigningKeys,
  type SigningKeysOptions,
} from '../../../src/signing-keys/open-signing-keys.ts';
import type { SigningKey, SigningKeys } from '../../../src/signing-keys/signing-keys.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import type { Records } from '../../../src/storage/records.ts';
import type { State } from '../../../src/storage/state.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLogger, type LogLine } from '../../support/recording-logger.ts';

/** An installation in a temporary folder, whose nodes share one embedded file and one fake clock. */
export interface House {
  readonly folder: string;
  readonly keysFolder: string;
  readonly file: string;
  readonly clock: FakeClock;
  readonly state: State;
  readonly records: Records;
  readonly events: readonly AuditEvent[];
  readonly lines: readonly LogLine[];
  settings(section?: z.input<typeof signingKeysConfig>): SigningKeysSettings;
  /** What a node is opened with; each may be replaced. */
  options(changes?: Partial<SigningKeysOptions>): Promise<SigningKeysOptions>;
  openNode(changes?: Partial<SigningKeysOptions>): Promise<SigningKeys>;
  administer(changes?: Partial<SigningKeysOptions>): Promise<KeyAdministration>;
  close(): Promise<void>;
}

/** Settings by which a key lives for two minutes, for tests that see many of them. */
export const FAST = {
  signFor: '20s',
  publishAhead: '15s',
  verifyFor: '1m',
  hintsFor: '1m',
  jwksMaxAge: '5s',
  clockTolerance: '5s',
} as const;

/** The key of `node` that signs by `algorithm`; undefined when there is not exactly one. */
export function signerOf(node: SigningKeys, algorithm = 'ES256'): SigningKey | undefined {
  const signing = node
    .current()
    .keys.filter((key) => key.algorithm === algorithm && key.phase === 'signing');
  return signing.length === 1 ? signing[0] : undefined;
}

/** `kid phase` of every key in the key set, for comparison at a glance. */
export function phases(node: SigningKeys): readonly string[] {
  return node.current().keys.map(({ kid, phase }) => `${kid} ${phase}`);
}

/** A house with nothing in it yet. */
export async function openHouse(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-keys-'));
  const keysFolder = join(folder, 'keys');
  const file = join(folder, 'latchkey.db');
  const clock = createFakeClock();
  const { logger, lines } = createRecordingLogger();
  const embedded = await openEmbedded({ file, clock, logger });
  const events: AuditEvent[] = [];
  const nodes: SigningKeys[] = [];
  const settings: House['settings'] = (section) =>
    signingKeysConfig.parse({ folder: keysFolder, algorithms: ['ES256'], ...section });

  const options: House['options'] = async (changes) => {
    const used = changes?.settings ?? settings();
    return {
      settings: used,
      state: embedded.state,
      clock,
      logger,
      audit: {
        record: async (event) => void events.push(event),
        note: (event) => void events.push(event),
        flush: async () => undefined,
        close: async () => undefined,
      },
      sealer: changes?.sealer ?? (await openSealer(used)),
      namespace: 'main',
      elapsedMs: clock.nowMs,
      ...changes,
    };
  };

  return {
    folder,
    keysFolder,
    file,
    clock,
    state: embedded.state,
    records: embedded.records,
    events,
    lines,
    settings,
    options,
    async openNode(changes) {
      const node = await openSigningKeys(await options(changes));
      nodes.push(node);
      return node;
    },
    administer: async (changes) => createKeyAdministration(await options(changes)),
    async close() {
      for (const node of nodes) await node.close();
      await embedded.close();
      await rm(folder, { recursive: true });
    },
  };
}
