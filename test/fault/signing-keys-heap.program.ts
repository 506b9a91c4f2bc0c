import { writeHeapSnapshot } from 'node:v8';
import { systemClock } from '../../src/runtime/clock.ts';
import { signingKeysConfig } from '../../src/signing-keys/config.ts';
import { openSealer } from '../../src/signing-keys/master-key.ts';
import { openSigningKeys } from '../../src/signing-keys/open-signing-keys.ts';
import { openEmbedded } from '../../src/storage/embedded/open-embedded.ts';
import { createRecordingLogger } from '../support/recording-logger.ts';

/** Makes keys, signs with each, and writes down all that lies in the memory of V8. */
async function main(folder: string): Promise<void> {
  const { logger } = createRecordingLogger();
  const clock = systemClock;
  const { state, close } = await openEmbedded({ file: `${folder}/latchkey.db`, clock, logger });
  const settings = signingKeysConfig.parse({
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    folder: `${folder}/keys`,
  });
  const ignore = async (): Promise<void> => undefined;
  const audit = { record: ignore, note: () => undefined, flush: ignore, close: ignore };
  const sealer = await openSealer(settings);
  const options = { settings, state, clock, logger, audit, sealer, namespace: 'main' };
  const node = await openSigningKeys(options);
  for (const key of node.current().keys) await key.sign(Buffer.from('data', 'utf8'));
  writeHeapSnapshot(`${folder}/memory.heapsnapshot`);
  await node.close();
  await close();
}

await main(String(process.argv[2]));
