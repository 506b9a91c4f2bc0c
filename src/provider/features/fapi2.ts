import type { Context, Next } from 'koa';
import { z } from 'zod';
import {
  errors,
  type Client as EngineClient,
  type KoaContextWithOIDC,
  type OIDCContext,
  type Provider,
} from 'oidc-provider';
import {
  SECURITY_PROFILES,
  STRONG_ALGORITHMS,
  STRONG_METHODS,
} from '../../clients/security-profile.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** Members of discovery, and what is left of each. */
const NARROWED: readonly (readonly [RegExp, ReadonlySet<unknown>])[] = [
  [/_endpoint_auth_methods_supported$/, STRONG_METHODS],
  [/_signing_alg_values_supported$/, STRONG_ALGORITHMS],
];
/** RFC 9701 section 5. */
const SIGNED_INTROSPECTION = 'application/token-introspection+jwt';

/** FAPI 2.0, for clients of that profile or for all. */
export const fapi2Config = z
  .strictObject({
    required: z
      .enum(['off', ...SECURITY_PROFILES])
      .default('off')
      .describe(
        'Holds every client to the FAPI 2.0 Security Profile, or to Message Signing as well; others are refused. For some clients alone, set `clients[].profile`.',
      ),
  })
  .prefault({});

/** What registration cannot hold a client to is refused here, request by request. */
export function fapi2(
  { required }: z.output<typeof fapi2Config>,
  { profileOf }: FeatureOptions,
): Feature {
  const isHeld = (client: EngineClient | undefined): boolean =>
    client !== undefined && profileOf(client) !== undefined;
  return {
    engine: {
      // Request objects with `nbf` and `exp`, at most an hour apart.
      fapi: {
        enabled: true,
        profile: (_ctx, client) => (isHeld(client) ? '2.0' : undefined),
      },
    },
    configuration: {
      assertJwtClientAuthClaimsAndHeader(ctx, claims, header, client) {
        if (isHeld(client)) assertAssertion(ctx, claims, header);
      },
    },
    ...(required !== 'off' && { following: strongOnly }),
    install(provider) {
      const isSigned = (client: EngineClient | undefined): boolean =>
        client !== undefined && profileOf(client) === 'fapi2-message-signing';
      installSignedAnswers(provider, isSigned);
      provider.use((ctx, next) => refusePlainIntrospection(ctx, next, isSigned));
    },
  };
}

/** What is announced where nothing weaker is taken of anybody. */
function strongOnly(
  metadata: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const narrowed = Object.entries(metadata).flatMap(([name, values]) => {
    const isStrong = NARROWED.find(([pattern]) => pattern.test(name))?.[1];
    return isStrong !== undefined && Array.isArray(values)
      ? [[name, values.filter((value) => isStrong.has(value))]]
      : [];
  });
  return { ...Object.fromEntries(narrowed), require_pushed_authorization_requests: true };
}

/** FAPI 2.0 Security Profile sections 5.3.2.1 and 5.4.1. @throws {errors.InvalidClientAuth} */
function assertAssertion(
  ctx: KoaContextWithOIDC,
  { aud }: { readonly aud?: unknown },
  { alg }: { readonly alg?: unknown },
): void {
  if (aud !== ctx.oidc.issuer)
    throw new errors.InvalidClientAuth('the audience of the assertion must be the issuer alone');
  if (!STRONG_ALGORITHMS.has(alg))
    throw new errors.InvalidClientAuth('the algorithm of the assertion is too weak');
}

/** Authorization answers of clients with signed messages are JWTs (FAPI 2.0 Message Signing section 5.4). */
function installSignedAnswers(
  { Client }: Provider,
  isSigned: (client: EngineClient | undefined) => boolean,
): void {
  const { responseModeAllowed } = Client.prototype;
  Object.defineProperty(Client.prototype, 'responseModeAllowed', {
    value(this: EngineClient, ...asked: Parameters<typeof responseModeAllowed>): boolean {
      const [mode] = asked;
      return responseModeAllowed.apply(this, asked) && (!isSigned(this) || /\bjwt$/.test(mode));
    },
  });
}

/** FAPI 2.0 Message Signing section 5.5, which leaves no other answer to a client of the profile. */
async function refusePlainIntrospection(
  ctx: Context,
  next: Next,
  isSigned: (client: EngineClient | undefined) => boolean,
): Promise<void> {
  await next();
  // Not there where no endpoint was asked.
  const oidc: OIDCContext | undefined = ctx['oidc'];
  const isAsked = oidc?.route === 'introspection' && isSigned(oidc.client);
  if (!isAsked || ctx.status !== 200 || ctx.response.is(SIGNED_INTROSPECTION) !== false) return;
  ctx.status = 400;
  ctx.body = {
    error: 'invalid_request',
    error_description: `introspection must be asked for with Accept: ${SIGNED_INTROSPECTION}, and introspection_signed_response_alg be registered`,
  };
}
