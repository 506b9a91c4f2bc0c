import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPinoLogger } from '../../src/runtime/pino-logger.ts';
import { openEmbedded, type Embedded } from '../../src/storage/embedded/open-embedded.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { describeRecordsContract } from './records.contract.ts';
import { describeStateContract } from './state.contract.ts';

const logger = createPinoLogger({ level: 'silent', fields: {} });

describeStateContract('the embedded engine', async () => {
  const { clock, open, close } = await arrange();
  return {
    open: async () => {
      const { state, close: closeBoth } = await open();
      return { ...state, close: closeBoth };
    },
    now: () => clock.now(),
    pass: async (seconds) => clock.advance(seconds),
    close,
  };
});

describeRecordsContract('the embedded engine', async () => {
  const { open, close } = await arrange();
  return {
    open: async () => {
      const { records, close: closeBoth } = await open();
      return { ...records, close: closeBoth };
    },
    close,
  };
});

interface Arranged {
  readonly clock: FakeClock;
  open(): Promise<Embedded>;
  close(): Promise<void>;
}

/** One file in a folder of its own, opened as often as asked. */
async function arrange(): Promise<Arranged> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-embedded-'));
  const file = join(folder, 'data', 'latchkey.sqlite');
  const clock = createFakeClock();
  return {
    clock,
    open: () => openEmbedded({ file, clock, logger }),
    close: () => rm(folder, { recursive: true }),
  };
}
