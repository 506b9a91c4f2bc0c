import type { DeclaredApi, DeclaredClient } from '../../clients/config.ts';
import { metadataOf, settingNameOf } from '../../clients/declared-metadata.ts';
import { readMetadata } from '../../clients/metadata.ts';
import {
  STRONG_ALGORITHMS,
  strongerProfile,
  type SecurityProfile,
} from '../../clients/security-profile.ts';
import type { FeatureSettings } from './config.ts';

interface Settings {
  readonly clients: readonly DeclaredClient[];
  readonly apis: readonly DeclaredApi[];
  readonly tokens: { readonly authorizationCode: number };
  readonly protocol: FeatureSettings;
  readonly auth0: { readonly tenants: readonly object[] };
  readonly cognito: { readonly enabled: boolean };
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** FAPI 2.0 Security Profile section 5.3.2.2. */
const CODE_SECONDS_MAX = 60;
const PUSHED_SECONDS_MAX = 599;

/** What stands against clients of the profile: other settings, and clients that are held to it all at once. */
export function fapi2Problems(settings: Settings): readonly Problem[] {
  const { clients, protocol } = settings;
  const required = protocol.fapi2.required === 'off' ? undefined : protocol.fapi2.required;
  const used = clients.reduce((most, { profile }) => strongerProfile(most, profile), required);
  if (used === undefined) return [];
  return [
    ...(required === undefined ? [] : dialectProblems(settings)),
    ...partProblems(settings, used),
    ...apiProblems(settings),
    ...clients.flatMap((client, index) => clientProblems(client, index, required)),
  ];
}

/** Clients written for other providers do none of what the profile asks. */
function dialectProblems({ auth0, cognito }: Settings): readonly Problem[] {
  const message = 'cannot stand beside protocol.fapi2.required: hold clients to it one by one';
  return [
    ...(auth0.tenants.length > 0 ? [{ path: ['auth0', 'tenants'], message }] : []),
    ...(cognito.enabled ? [{ path: ['cognito', 'enabled'], message }] : []),
  ];
}

function partProblems({ tokens, protocol }: Settings, used: SecurityProfile): readonly Problem[] {
  const { pushedRequests, dpop, mtls, requestObjects, signedAnswers } = protocol;
  const isSigned = used === 'fapi2-message-signing';
  const rules = [
    [pushedRequests.enabled, 'protocol.pushedRequests.enabled', 'must be true'],
    [
      pushedRequests.lifetime <= PUSHED_SECONDS_MAX,
      'protocol.pushedRequests.lifetime',
      `must be at most ${PUSHED_SECONDS_MAX}s`,
    ],
    [
      tokens.authorizationCode <= CODE_SECONDS_MAX,
      'tokens.authorizationCode',
      `must be at most ${CODE_SECONDS_MAX}s`,
    ],
    [
      dpop.enabled || mtls.enabled,
      'protocol.dpop.enabled',
      'must be true, or protocol.mtls.enabled',
    ],
    [!isSigned || requestObjects.enabled, 'protocol.requestObjects.enabled', 'must be true'],
    [!isSigned || signedAnswers.enabled, 'protocol.signedAnswers.enabled', 'must be true'],
  ] as const;
  return rules.flatMap(([isKept, name, must]) =>
    isKept ? [] : [{ path: name.split('.'), message: `${must} for the profile ${used}` }],
  );
}

function apiProblems({ apis }: Settings): readonly Problem[] {
  return apis.flatMap(({ signingAlgorithm, accessTokenFormat }, index) =>
    accessTokenFormat === 'opaque' || STRONG_ALGORITHMS.has(signingAlgorithm)
      ? []
      : [
          {
            path: ['apis', index, 'signingAlgorithm'],
            message: `must be one of ${[...STRONG_ALGORITHMS].join(', ')} beside clients of FAPI 2.0`,
          },
        ],
  );
}

/** What a client says of its own profile was judged with the client. */
function clientProblems(
  declared: DeclaredClient,
  index: number,
  required: SecurityProfile | undefined,
): readonly Problem[] {
  const security = strongerProfile(required, declared.profile);
  if (security === declared.profile) return [];
  const rules = { isDev: true, isStrict: true };
  const metadata = metadataOf(declared);
  const known = new Set(readMetadata(metadata, rules).problems.map(({ message }) => message));
  return readMetadata(metadata, { ...rules, security })
    .problems.filter(({ message }) => !known.has(message))
    .map(({ path: [name = '', ...rest], message }) => ({
      path: ['clients', index, settingNameOf(String(name)), ...rest],
      message,
    }));
}
