import { z } from 'zod';
import { CognitoException } from './exception.ts';
import { initiateAuth } from './initiate-auth.ts';
import { signedOperation, type Operation } from './operation.ts';
import { respondToAuthChallenge } from './respond-to-auth-challenge.ts';
import type { Room } from './room.ts';

const ofClient = z.looseObject({ UserPoolId: z.string(), ClientId: z.string() });

/** `AdminInitiateAuth` and `AdminRespondToAuthChallenge`: sign-ins that a server of the operator's leads. */
export function adminAuthOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    AdminInitiateAuth: ofPool(room, initiateAuth(room, 'operator')),
    AdminRespondToAuthChallenge: ofPool(room, respondToAuthChallenge(room)),
  };
}

/** The same for operators, who name the pool, too. */
function ofPool(room: Room, work: Operation): Operation {
  return signedOperation(ofClient, async (given, origin) => {
    const { client } = await room.pools.client(given.ClientId);
    if (client.poolId !== given.UserPoolId)
      throw new CognitoException(
        'ResourceNotFoundException',
        `User pool client ${given.ClientId} does not exist.`,
      );
    return await work.run(given, origin);
  });
}
