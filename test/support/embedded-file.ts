import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded, type Embedded } from '../../src/storage/embedded/open-embedded.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createToldLogger, type ToldLogger } from './told.ts';

/** A place for one embedded file, and nodes that open it. */
export interface EmbeddedPlace {
  readonly folder: string;
  /** The file; nobody has made it yet. */
  readonly file: string;
  readonly clock: FakeClock;
  readonly logger: ToldLogger;
  /** Opens the file as one more node would. */
  open(): Promise<Embedded>;
  /** Closes every node and removes the folder. */
  close(): Promise<void>;
}

/** A temporary folder of its own. */
export async function createEmbeddedPlace(): Promise<EmbeddedPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-embedded-'));
  const file = join(folder, 'latchkey.sqlite');
  const clock = createFakeClock();
  const logger = createToldLogger();
  const opened: Embedded[] = [];
  return {
    folder,
    file,
    clock,
    logger,
    async open() {
      const embedded = await openEmbedded({ file, clock, logger });
      opened.push(embedded);
      return embedded;
    },
    async close() {
      await Promise.all(opened.map((embedded) => embedded.close()));
      await rm(folder, { recursive: true });
    },
  };
}
