import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { resealPools } from '../../../src/cognito/reseal.ts';
import { createSrpSecrets } from '../../../src/cognito/srp-secrets.ts';
import { createStoredClients } from '../../../src/cognito/stored-clients.ts';
import { usersAfter } from '../../../src/cognito/user-queries.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { PASSWORD } from '../../support/account-node.ts';
import { CLIENT, openCognitoNode, POOL } from '../../support/cognito-node.ts';

test('secrets of clients and verifiers are sealed under another master key, and are what they were', async () => {
  const node = await openCognitoNode();
  const rooms = await node.openRooms();
  try {
    const wanted = { UserPoolId: POOL, ClientName: 'server', GenerateSecret: true };
    const { ClientId, ClientSecret } = (await node.call('CreateUserPoolClient', wanted)).body
      .UserPoolClient;
    for (const USERNAME of ['ann', 'ben'])
      await node.call('InitiateAuth', {
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: CLIENT,
        AuthParameters: { USERNAME, PASSWORD },
      });
    const readVerifiers = async (sealer = rooms.sealer): Promise<readonly unknown[]> => {
      const page = { after: '', limit: 10 };
      const rows = await rooms.records.all(usersAfter(rooms.records.queries, POOL, page));
      const { of } = createSrpSecrets({ ...rooms, sealer });
      return rows.map((row) => of({ row }));
    };
    const before = await readVerifiers();

    const next = createSealer([randomBytes(32)]);
    expect(await resealPools(rooms, next)).toEqual({ secrets: 1, verifiers: 2 });

    const clients = createStoredClients({ ...rooms, sealer: next });
    expect((await clients.find(ClientId))?.secret).toBe(ClientSecret);
    expect(await readVerifiers(next)).toEqual(before);
    expect(await readVerifiers()).toEqual([undefined, undefined]);
    // A secret that cannot be opened is told, and stays.
    const stranger = createSealer([randomBytes(32)]);
    await expect(resealPools({ ...rooms, sealer: stranger }, next)).rejects.toThrow();
  } finally {
    await rooms.close();
    await node.close();
  }
});
