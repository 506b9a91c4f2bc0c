import { systemClock } from '../../src/runtime/clock.ts';
import { createKeyAdministration } from '../../src/signing-keys/administration.ts';
import { signingKeysConfig } from '../../src/signing-keys/config.ts';
import { openSealer } from '../../src/signing-keys/master-key.ts';
import { openSigningKeys } from '../../src/signing-keys/open-signing-keys.ts';
import { openEmbedded } from '../../src/storage/embedded/open-embedded.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';

const ROTATIONS = 3;

/** Starts a node, rotates a few times, and waits to be killed; says each answer. */
async function main(folder: string): Promise<void> {
  const { logger } = createRecordingLogger();
  const clock = systemClock;
  const { state } = await openEmbedded({ file: `${folder}/latchkey.db`, clock, logger });
  const settings = signingKeysConfig.parse({ algorithms: ['ES256'], folder: `${folder}/keys` });
  const ignore = async (): Promise<void> => undefined;
  const audit = { record: ignore, note: () => undefined, flush: ignore, close: ignore };
  const sealer = await openSealer(settings);
  const options = { settings, state, clock, logger, audit, sealer, namespace: 'main' };
  const node = await openSigningKeys(options);
  const kids = node.current().keys.map(({ kid, phase }) => `${phase}:${kid}`);
  process.stdout.write(`started ${kids.join(' ')}\n`);
  const administration = createKeyAdministration(options);
  for (let n = 0; n < ROTATIONS; n += 1) {
    const [rotation] = await administration.rotateNow({ immediately: true });
    process.stdout.write(`rotated ${rotation?.kid}\n`);
  }
  await clock.sleep(60, new AbortController().signal);
}

await main(String(process.argv[2]));
