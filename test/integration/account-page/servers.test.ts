import { startServers } from '../../support/servers.ts';
import { changesContract } from './changes.contract.ts';

changesContract('on Redis and PostgreSQL', async () => {
  const servers = await startServers();
  return { settings: servers.settings, close: () => servers.stop() };
});
