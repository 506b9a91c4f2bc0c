import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { freePort } from '../support/ports.ts';
import { testAskingElsewhere } from './two-nodes/asking-elsewhere.ts';
import { testCertificates } from './two-nodes/certificates.ts';
import { openHouse, type House } from './two-nodes/house.ts';
import { testRacing, testRacingWithoutRetries } from './two-nodes/racing.ts';
import { testSharing } from './two-nodes/sharing.ts';
import { openEmbedded, openServers, type Stores } from './two-nodes/stores.ts';

// One start of the stores and the nodes is for all of these.
describe.each([
  ['the embedded file', openEmbedded],
  ['Redis and PostgreSQL', openServers],
])('two nodes over %s', (_engine, openStores) => {
  let stores: Stores;
  let folder: string;
  let ports: readonly number[];
  let opened: House;
  const house = (): House => opened;

  const open = async (settings: object): Promise<void> => {
    opened = await openHouse({ folder, ports, settings: { ...stores.settings, ...settings } });
  };

  beforeAll(async () => {
    stores = await openStores();
    folder = await mkdtemp(join(tmpdir(), 'latchkey-nodes-'));
    ports = [await freePort(), await freePort()];
    // Longer than 64 requests take on any machine.
    await open({ tokens: { refreshRetryWindow: '60s' } });
  });

  afterAll(async () => {
    await opened?.close();
    await opened?.nodes[0]?.clean();
    await stores?.close();
  });

  testSharing(house);
  testAskingElsewhere(house);
  testCertificates(house);
  testRacing(house);

  describe('without a retry window', () => {
    beforeAll(async () => {
      await opened.close();
      await open({ tokens: { refreshRetryWindow: '0s' } });
    });

    testRacingWithoutRetries(house);
  });
});
