import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { poolOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { offers } from './mfa.ts';
import { signedOperation, type Operation } from './operation.ts';
import { changePool } from './pool-administration.ts';
import { MFA, noGateway } from './pool-input.ts';
import { MFA as MFA_IN_WORDS } from './pool-view.ts';
import type { MfaFactor, Pool } from './pool.ts';
import type { Room } from './room.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const text = z.string().max(20_000).optional();
const input = ofPool.extend({
  MfaConfiguration: z.enum(['OFF', 'OPTIONAL', 'ON']).nullish(),
  SoftwareTokenMfaConfiguration: z.object({ Enabled: z.boolean().default(false) }).nullish(),
  EmailMfaConfiguration: z.object({ Message: text, Subject: text }).nullish(),
  SmsMfaConfiguration: z.record(z.string(), z.json()).nullish(),
  WebAuthnConfiguration: z.record(z.string(), z.unknown()).nullish(),
});
type Input = z.output<typeof input>;

/** How a pool asks for second factors. */
export function poolMfaOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    GetUserPoolMfaConfig: signedOperation(ofPool, async ({ UserPoolId }) =>
      view(await poolOf(UserPoolId, room)),
    ),
    SetUserPoolMfaConfig: signedOperation(input, async (given, origin) => {
      refuseUnsupported(given, room);
      await changePool(given.UserPoolId, { by: 'cognito', origin }, room, (known) => ({
        ...known,
        mfa: given.MfaConfiguration ? MFA[given.MfaConfiguration] : known.mfa,
        mfaFactors: factorsOf(given) ?? known.mfaFactors,
        emailMfa: given.EmailMfaConfiguration
          ? JSON.parse(JSON.stringify(given.EmailMfaConfiguration))
          : known.emailMfa,
        smsMfa: given.SmsMfaConfiguration ?? known.smsMfa,
      }));
      return view(await poolOf(given.UserPoolId, room));
    }),
  };
}

function refuseUnsupported(given: Input, { sms }: Pick<Room, 'sms'>): void {
  if (given.SmsMfaConfiguration && !sms.isAvailable) throw noGateway();
  if (Object.keys(given.WebAuthnConfiguration ?? {}).length > 0)
    throw new CognitoException(
      'InvalidParameterException',
      'WebAuthnConfiguration is not supported here',
    );
}

/** Undefined: none is spoken of, and they stay. */
function factorsOf(given: Input): readonly MfaFactor[] | undefined {
  const {
    SoftwareTokenMfaConfiguration: app,
    EmailMfaConfiguration: email,
    SmsMfaConfiguration: sms,
  } = given;
  if (!app && !email && !sms) return undefined;
  const factors: readonly MfaFactor[] = [
    ...(app?.Enabled === true ? (['app'] as const) : []),
    ...(email ? (['email'] as const) : []),
    ...(sms ? (['sms'] as const) : []),
  ];
  if (factors.length > 0 || given.MfaConfiguration === 'OFF') return factors;
  throw new CognitoException('InvalidParameterException', 'At least one MFA factor is needed.');
}

function view(pool: Pool): JsonObject {
  return {
    MfaConfiguration: MFA_IN_WORDS[pool.mfa],
    ...(offers(pool, 'app') && { SoftwareTokenMfaConfiguration: { Enabled: true } }),
    ...(offers(pool, 'sms') && { SmsMfaConfiguration: pool.made?.smsMfa ?? {} }),
    ...(offers(pool, 'email') && { EmailMfaConfiguration: pool.made?.emailMfa ?? {} }),
  };
}
