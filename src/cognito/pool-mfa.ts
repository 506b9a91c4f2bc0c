import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { offers } from './mfa.ts';
import { signedOperation, type Operation } from './operation.ts';
import { changePool } from './pool-administration.ts';
import { MFA } from './pool-input.ts';
import { MFA as MFA_IN_WORDS } from './pool-view.ts';
import type { MfaFactor, Pool } from './pool.ts';
import type { Room } from './room.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const text = z.string().max(20_000).optional();
const unsupported = z.record(z.string(), z.unknown()).nullish();
const input = ofPool.extend({
  MfaConfiguration: z.enum(['OFF', 'OPTIONAL', 'ON']).nullish(),
  SoftwareTokenMfaConfiguration: z.object({ Enabled: z.boolean().default(false) }).nullish(),
  EmailMfaConfiguration: z.object({ Message: text, Subject: text }).nullish(),
  SmsMfaConfiguration: unsupported,
  WebAuthnConfiguration: unsupported,
});
type Input = z.output<typeof input>;

/** How a pool asks for second factors. */
export function poolMfaOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    GetUserPoolMfaConfig: signedOperation(ofPool, async ({ UserPoolId }) =>
      view(await poolOf(UserPoolId, room)),
    ),
    SetUserPoolMfaConfig: signedOperation(input, async (given, origin) => {
      refuseUnsupported(given);
      await changePool(given.UserPoolId, { by: 'cognito', origin }, room, (known) => ({
        ...known,
        mfa: given.MfaConfiguration ? MFA[given.MfaConfiguration] : known.mfa,
        mfaFactors: factorsOf(given) ?? known.mfaFactors,
        emailMfa: given.EmailMfaConfiguration
          ? JSON.parse(JSON.stringify(given.EmailMfaConfiguration))
          : known.emailMfa,
      }));
      return view(await poolOf(given.UserPoolId, room));
    }),
  };
}

function refuseUnsupported(given: Input): void {
  for (const name of ['SmsMfaConfiguration', 'WebAuthnConfiguration'] as const)
    if (Object.keys(given[name] ?? {}).length > 0)
      throw new CognitoException('InvalidParameterException', `${name} is not supported here`);
}

/** Undefined: none is spoken of, and they stay. */
function factorsOf(given: Input): readonly MfaFactor[] | undefined {
  const { SoftwareTokenMfaConfiguration: app, EmailMfaConfiguration: email } = given;
  if (!app && !email) return undefined;
  const factors: readonly MfaFactor[] = [
    ...(app?.Enabled === true ? (['app'] as const) : []),
    ...(email ? (['email'] as const) : []),
  ];
  if (factors.length > 0 || given.MfaConfiguration === 'OFF') return factors;
  throw new CognitoException('InvalidParameterException', 'At least one MFA factor is needed.');
}

function view(pool: Pool): JsonObject {
  return {
    MfaConfiguration: MFA_IN_WORDS[pool.mfa],
    ...(offers(pool, 'app') && { SoftwareTokenMfaConfiguration: { Enabled: true } }),
    ...(offers(pool, 'email') && { EmailMfaConfiguration: pool.made?.emailMfa ?? {} }),
  };
}
