import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { CognitoException } from './exception.ts';
import { operation, type Operation } from './operation.ts';
import { authParameters, type Parameters } from './parameters.ts';
import { passwordAuth } from './password-auth.ts';
import type { AuthFlow } from './pool.ts';
import type { ClientOfPool } from './pools.ts';
import { refreshAuth } from './refresh-auth.ts';
import type { Room } from './room.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { beginSrp } from './srp-auth.ts';

/** A step of a sign-in that a client asks for. */
export interface AuthRequest extends ClientOfPool {
  readonly parameters: Parameters;
  readonly clientMetadata: JsonObject | undefined;
  readonly origin: Origin;
}

interface Flow {
  readonly allowedBy: AuthFlow;
  run(request: AuthRequest, room: Room): Promise<JsonObject>;
}

const REFRESH: Flow = { allowedBy: 'ALLOW_REFRESH_TOKEN_AUTH', run: refreshAuth };
const FLOWS: Readonly<Record<string, Flow>> = {
  USER_PASSWORD_AUTH: { allowedBy: 'ALLOW_USER_PASSWORD_AUTH', run: passwordAuth },
  USER_SRP_AUTH: { allowedBy: 'ALLOW_USER_SRP_AUTH', run: beginSrp },
  REFRESH_TOKEN_AUTH: REFRESH,
  REFRESH_TOKEN: REFRESH,
};

const OPERATORS: Flow = { allowedBy: 'ALLOW_ADMIN_USER_PASSWORD_AUTH', run: passwordAuth };
/** What only a server of the operator's may ask for. */
const OPERATOR_FLOWS: Readonly<Record<string, Flow>> = {
  ...FLOWS,
  ADMIN_USER_PASSWORD_AUTH: OPERATORS,
  ADMIN_NO_SRP_AUTH: OPERATORS,
};

const NOT_SUPPORTED = 'Initiate Auth method not supported.';

/** `InitiateAuth`: the first step of a sign-in, or a refresh. */
export function initiateAuth(room: Room, by: 'user' | 'operator' = 'user'): Operation {
  const flows = by === 'operator' ? OPERATOR_FLOWS : FLOWS;
  const input = z.object({
    AuthFlow: z.string(),
    ClientId: z.string(),
    AuthParameters: authParameters,
    ClientMetadata: clientMetadata,
  });
  return operation(input, async ({ AuthFlow: name, ClientId, ...given }, origin) => {
    const { pool, client } = await room.pools.client(ClientId);
    const flow = Object.hasOwn(flows, name) ? flows[name] : undefined;
    if (flow === undefined) throw new CognitoException('InvalidParameterException', NOT_SUPPORTED);
    if (!client.authFlows.includes(flow.allowedBy))
      throw new CognitoException(
        'InvalidParameterException',
        `${name} flow not enabled for this client`,
      );
    const { AuthParameters: parameters, ClientMetadata } = given;
    const request = { pool, client, origin, parameters, clientMetadata: ClientMetadata };
    return await flow.run(request, room);
  });
}
