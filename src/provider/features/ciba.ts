import {
  errors,
  type Account as EngineAccount,
  type BackchannelAuthenticationRequest,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { z } from 'zod';
import { endpointUrlProblem } from '../../clients/web-url.ts';
import { duration } from '../../config/values.ts';
import { sha256 } from '../../runtime/digest.ts';
import { BACKCHANNEL_PATH } from '../routes.ts';
import { text, toJson } from '../store/payloads.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** OpenID Connect CIBA Core section 10.1. */
export const CIBA_GRANT = 'urn:openid:params:grant-type:ciba';
const ROUTE = 'backchannel_authentication';
/** Stands in the place of whoever was named and is not there. */
const NOBODY = 'nobody-';
const HINT_MAX = 320;
const MESSAGE = /^[\p{L}\p{N} .,:;#+/!?-]{1,60}$/u;
const WINDOW_SECONDS = 900;
const ALL_CLIENTS_TIMES = 4;

/** Sign-in that a client asks for and a person answers elsewhere (OpenID Connect CIBA Core). */
export const cibaConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may ask people to sign in who are not before them; they answer at /account/requests (OpenID Connect CIBA).',
      ),
    lifetime: duration('5m').describe('How long such a request may be answered and fetched.'),
    interval: duration('5s').describe('How long a client waits before it asks again.'),
    notify: z
      .strictObject({
        url: z
          .string()
          .optional()
          .describe(
            'Where a program of yours is told of each request, to ring a phone: an https URL that takes Security Event Tokens (RFC 8935).',
          ),
        letter: z
          .boolean()
          .default(true)
          .describe('People with a verified address have a letter of each request.'),
      })
      .prefault({})
      .describe('How people hear that a client waits for them.'),
    perPerson: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe(
        'How often one client may ask one person in a quarter of an hour; all together may four times as often.',
      ),
  })
  .prefault({});

type CibaSettings = z.output<typeof cibaConfig>;

/** People answer on the account page; programs are called over https. */
export function cibaProblems({
  protocol,
  accountPage,
  profile,
}: {
  readonly protocol: { readonly ciba: CibaSettings };
  readonly accountPage: { readonly enabled: boolean };
  readonly profile: string;
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const { enabled, notify } = protocol.ciba;
  const url = notify.url && hookProblem(notify.url, profile === 'dev');
  return [
    ...(enabled && !accountPage.enabled
      ? [{ path: ['protocol', 'ciba', 'enabled'], message: 'needs accountPage.enabled' }]
      : []),
    ...(url === undefined ? [] : [{ path: ['protocol', 'ciba', 'notify', 'url'], message: url }]),
  ];
}

/** The way out of the house has no http but in the dev profile, not even to this machine. */
function hookProblem(url: string, isDev: boolean): string | undefined {
  const problem = endpointUrlProblem(url, { isDev: true });
  return problem ?? (isDev || url.startsWith('https:') ? undefined : 'must be https');
}

export function ciba(settings: CibaSettings, options: FeatureOptions): Feature | undefined {
  if (!settings.enabled) return undefined;
  const { lifetime, interval } = settings;
  return {
    configuration: {
      // Whoever is not there is asked like anybody else, and never answers.
      async findAccount(ctx, id) {
        // Looked for all the same, so that it takes as long.
        const account = await options.findAccount(id);
        return (
          account ?? (ctx.oidc.route === ROUTE && id.startsWith(NOBODY) ? nobody(id) : undefined)
        );
      },
    },
    engine: {
      ciba: {
        enabled: true,
        deliveryModes: ['poll', 'ping'],
        processLoginHint: (_ctx, hint = '') => accountNamed(hint, options),
        processLoginHintToken: () => refuse('login_hint_token'),
        validateRequestContext: (_ctx, context) => {
          if (context !== undefined) refuse('request_context');
        },
        validateBindingMessage(_ctx, message) {
          if (message !== undefined && !MESSAGE.test(message))
            throw new errors.InvalidBindingMessage(
              'binding_message: at most 60 letters, digits and spaces, and . , : ; # + / ! ? -',
            );
        },
        async verifyUserCode(ctx, account, userCode) {
          if (userCode !== undefined) refuse('user_code');
          await admit(ctx, account, settings, options);
        },
        triggerAuthenticationDevice(ctx, request, account) {
          // The engine leaves it out, and every client then waits five seconds (CIBA section 7.3).
          Object.assign(Object(ctx.body), { interval });
          tell(request, { ctx, account }, options);
        },
      },
    },
    lifetimes: {
      BackchannelAuthenticationRequest: (_ctx, request) =>
        Math.min(Number(request.params?.['requested_expiry'] ?? lifetime), lifetime),
    },
    routes: { [ROUTE]: BACKCHANNEL_PATH },
    announced: {
      backchannel_authentication_endpoint: options.url(BACKCHANNEL_PATH),
      backchannel_token_delivery_modes_supported: ['poll', 'ping'],
      backchannel_user_code_parameter_supported: false,
      grant_types_supported: [CIBA_GRANT],
    },
  };
}

function nobody(accountId: string): EngineAccount {
  return { accountId, claims: () => ({ sub: accountId }) };
}

/** By name or e-mail address. The same for the same name, so that nobody is asked as seldom as somebody. */
async function accountNamed(hint: string, { accounts }: FeatureOptions): Promise<string> {
  const account = hint.length <= HINT_MAX ? await accounts.findByLogin(hint) : undefined;
  const isThere = account?.state === 'active';
  return isThere ? account.id : `${NOBODY}${sha256(hint.trim().toLowerCase())}`;
}

function refuse(parameter: string): never {
  throw new errors.InvalidRequest(`${parameter} is not supported`);
}

/** Counted before anybody is told of anything. @throws {errors.AccessDenied} */
async function admit(
  { oidc: { client } }: KoaContextWithOIDC,
  { accountId }: EngineAccount,
  { perPerson }: CibaSettings,
  { state, audit, scopes }: FeatureOptions,
): Promise<void> {
  const person = sha256(accountId);
  const [own, all] = await Promise.all([
    state.count(`backchannel:${person}:${sha256(client?.clientId ?? '')}`, WINDOW_SECONDS),
    state.count(`backchannel:${person}`, WINDOW_SECONDS),
  ]);
  const allMax = perPerson * ALL_CLIENTS_TIMES;
  if (own === perPerson + 1 || all === allMax + 1)
    audit.note({
      type: 'ciba.throttled',
      origin: scopes.current().origin,
      clientId: client?.clientId,
      ...(accountId.startsWith(NOBODY) ? {} : { accountId }),
    });
  if (own > perPerson || all > allMax)
    throw new errors.AccessDenied('the person was asked too often; try again later');
}

/** Not awaited: it would tell whether somebody is there. */
function tell(
  { params = {}, expiration }: BackchannelAuthenticationRequest,
  { ctx, account }: { readonly ctx: KoaContextWithOIDC; readonly account: EngineAccount },
  { onBackchannelRequest, ownerOf, logger }: FeatureOptions,
): void {
  const owner = ctx.oidc.client && ownerOf(ctx.oidc.client);
  if (owner === undefined || account.accountId.startsWith(NOBODY)) return;
  const given = toJson(params);
  onBackchannelRequest?.({
    accountId: account.accountId,
    clientId: owner.id,
    clientName: text(owner.metadata, 'client_name') ?? owner.id,
    message: text(given, 'binding_message') ?? '',
    lifetimeSeconds: expiration,
    languages: text(given, 'ui_locales')?.split(' ') ?? [],
  }).catch((error: unknown) =>
    logger.warn(
      {
        event: 'ciba.not_announced',
        error: error instanceof Error ? error : new Error(String(error)),
      },
      'somebody was not told of a request; they still see it at /account/requests',
    ),
  );
}
