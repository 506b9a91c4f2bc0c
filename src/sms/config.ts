import { z } from 'zod';
import { givenSecret, httpUrl } from '../config/values.ts';

const PREFIX = /^\+[1-9]\d{0,14}$/;

const gatewaySettings = z
  .strictObject({
    url: httpUrl()
      .optional()
      .describe(
        'Where a program of yours takes text messages and sends them on; left out: there are none. It is called through `http.outbound`.',
      ),
    secret: givenSecret()
      .optional()
      .describe('What it knows us by, as `Authorization: Bearer`; left out: by our signature.'),
  })
  .prefault({});

const hourlyLimit = (limit: number): z.ZodDefault<z.ZodInt> => z.int().min(1).default(limit);

/** How text messages leave, and how many. */
export const smsConfig = z
  .strictObject({
    gateway: gatewaySettings.describe('The program that takes our text messages.'),
    prefixes: z
      .array(z.string().regex(PREFIX, { error: 'expected the beginning of numbers: "+49"' }))
      .min(1)
      .optional()
      .describe(
        'Numbers that begin with one of these are written to, such as `+49`, and no others; left out: to all.',
      ),
    perNumber: hourlyLimit(5).describe(
      'Messages to one number that one address may cause in an hour; all together may cause four times as many.',
    ),
    perAddress: hourlyLimit(20).describe('Messages that one address may cause in an hour.'),
    overall: hourlyLimit(500).describe('Messages in an hour, whoever causes them.'),
    maxPerSecond: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe('How many messages a node sends in a second at most.'),
  })
  .prefault({});

export type SmsConfig = z.output<typeof smsConfig>;

/** The way out of the house has no http but in the dev profile, not even to this machine. */
export function smsProblems({
  sms,
  authentication,
  profile,
}: {
  readonly sms: SmsConfig;
  readonly authentication: { readonly smsCode: boolean };
  readonly profile: string;
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const { url, secret } = sms.gateway;
  const isInClear = profile !== 'dev' && url?.startsWith('http:') === true;
  const isMissing = authentication.smsCode && url === undefined && profile !== 'dev';
  return [
    ...(isMissing
      ? [{ path: ['authentication', 'smsCode'], message: 'needs sms.gateway.url' }]
      : []),
    ...(isInClear ? [{ path: ['sms', 'gateway', 'url'], message: 'must be https' }] : []),
    ...(secret !== undefined && url === undefined
      ? [{ path: ['sms', 'gateway', 'url'], message: 'is missing: whom else is the secret for' }]
      : []),
  ];
}
