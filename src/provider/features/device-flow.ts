import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { z } from 'zod';
import { duration } from '../../config/values.ts';
import { DEVICE_PATHS } from '../routes.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** RFC 8628 section 3.4. */
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Sign-in for devices without a browser (RFC 8628). */
export const deviceFlowConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Devices without a browser show a code that people type at /device (RFC 8628); clients need the device grant.',
      ),
    lifetime: duration('10m').describe('How long such a code may be used.'),
    interval: duration('5s').describe('How long a device waits before it asks again.'),
    userCode: z
      .enum(['letters', 'digits'])
      .default('letters')
      .describe('What the code is made of: eight letters, or nine digits for remote controls.'),
  })
  .prefault({});

const SHAPES = {
  letters: { charset: 'base-20', mask: '****-****' },
  digits: { charset: 'digits', mask: '***-***-***' },
} as const;

export function deviceFlow(
  { enabled, lifetime, interval, userCode }: z.output<typeof deviceFlowConfig>,
  { url, devicePages }: FeatureOptions,
): Feature | undefined {
  if (!enabled) return undefined;
  return {
    engine: {
      deviceFlow: {
        enabled: true,
        ...SHAPES[userCode],
        deviceInfo: () => ({}),
        userCodeInputSource: (ctx, _form, _out, error) => devicePages.enter(ctx, error),
        userCodeConfirmSource: (...[ctx, , client, , code]) =>
          devicePages.confirm(ctx, client, code),
        successSource: (ctx) => devicePages.done(ctx),
      },
    },
    lifetimes: { DeviceCode: lifetime },
    routes: {
      device_authorization: DEVICE_PATHS.authorization,
      code_verification: DEVICE_PATHS.verification,
    },
    below: [new RegExp(`^${DEVICE_PATHS.verification}/[\\w-]+$`)],
    announced: {
      device_authorization_endpoint: url(DEVICE_PATHS.authorization),
      grant_types_supported: [DEVICE_GRANT],
    },
    install: (provider) =>
      completeAnswers(provider, { interval, page: url(DEVICE_PATHS.verification) }),
  };
}

/**
 * The engine leaves the interval out, and every client then waits five seconds (RFC 8628 section 3.2); and it knows
 * nothing of where the issuer has the page.
 */
function completeAnswers(
  provider: Provider,
  { interval, page }: { readonly interval: number; readonly page: string },
): void {
  provider.on('device_authorization.success', (_ctx: KoaContextWithOIDC, body: Answer) => {
    const query = new URLSearchParams({ user_code: String(body['user_code']) });
    const complete = `${page}?${query.toString()}`;
    Object.assign(body, {
      interval,
      verification_uri: page,
      verification_uri_complete: complete,
    });
  });
}

type Answer = Readonly<Record<string, unknown>>;
