import { createThrottle } from '../accounts/throttle.ts';
import type { Capability, House } from '../capability.ts';
import { createAccessTokens } from './access-tokens.ts';
import { createApiRoutes } from './api-routes.ts';
import { createChallenges } from './challenges.ts';
import { openHostedUi } from './hosted/open-hosted-ui.ts';
import { createCodeLetters } from './code-letters.ts';
import { createConnectedClients } from './connected-clients.ts';
import { cognitoConfig, type CognitoConfig } from './config.ts';
import { createDomains } from './domains.ts';
import { createMailboxFactor } from './mailbox-factor.ts';
import { createOperations } from './operations.ts';
import { createPoolDocuments } from './pool-documents.ts';
import { createPoolGroups } from './pool-groups.ts';
import { createPools } from './pools.ts';
import { createResourceServers } from './resource-servers.ts';
import type { Room } from './room.ts';
import { createSamplePasswords } from './sample-passwords.ts';
import { createSessions } from './sessions.ts';
import { createSignatureCheck } from './signature.ts';
import { createSrpHandshakes } from './srp-handshakes.ts';
import { createSrpSecrets } from './srp-secrets.ts';
import { createStoredClients } from './stored-clients.ts';
import { createStoredPools } from './stored-pools.ts';
import { openTriggers, type Triggers } from './triggers/triggers.ts';
import { createUsers } from './users.ts';

/** User pools of Amazon Cognito, at an origin of their own. */
export const cognito: Capability<'cognito', CognitoConfig> = {
  name: 'cognito',
  config: cognitoConfig,
  async create(settings, house) {
    if (!settings.enabled) return undefined;
    const triggers = await openTriggers(settings, house);
    const room = createRoom(settings, house, triggers);
    const { endpoint, listen, tls } = settings;
    const hosted = await openHostedUi(room, house);
    return {
      close: () => triggers.close(),
      connectedClients: [createConnectedClients(room)],
      isMailboxFactor: createMailboxFactor(room),
      sites: [
        {
          name: 'cognito',
          setting: 'cognito.listen',
          issuer: endpoint,
          listen,
          tls,
          hosts: [],
          protocol: hosted.protocol,
          routers: [
            ...hosted.routers,
            createApiRoutes(createOperations(room), createSignatureCheck(room)),
            createPoolDocuments({ ...room, endpoint }),
          ],
        },
      ],
    };
  },
};

function createRoom(settings: CognitoConfig, house: House, triggers: Triggers): Room {
  const storedPools = createStoredPools(house);
  const storedClients = createStoredClients(house);
  const pools = createPools(settings, storedPools, storedClients);
  const users = createUsers(house);
  const sessions = createSessions(house);
  const srpSecrets = createSrpSecrets(house);
  return {
    ...house,
    settings,
    pools,
    storedPools,
    storedClients,
    resourceServers: createResourceServers({ ...house, settings }),
    domains: createDomains({ ...house, settings }),
    poolGroups: createPoolGroups(house),
    users,
    sessions,
    triggers,
    throttle: createThrottle(house),
    challenges: createChallenges(house),
    letters: createCodeLetters({ ...house, settings, triggers, users }),
    srpHandshakes: createSrpHandshakes(house),
    srpSecrets,
    samples: createSamplePasswords({ ...house, srpSecrets, users }),
    accessTokens: createAccessTokens({ ...house, settings, pools, users, sessions }),
  };
}
