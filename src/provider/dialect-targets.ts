import { errors, Provider, type Client, type ResourceServer } from 'oidc-provider';
import type { Dialect, Told } from './dialect.ts';
import { identifierOf, indicatorOf, type Purpose, type Resources } from './resources.ts';

interface TargetOptions {
  readonly dialect?: Dialect | undefined;
  readonly resources: Resources;
}

/** The API of requests that name none. */
export function defaultApi({ dialect }: Pick<TargetOptions, 'dialect'>): string | undefined {
  const { defaultAudience } = dialect ?? {};
  return defaultAudience === undefined ? undefined : indicatorOf(defaultAudience);
}

/**
 * The API that `client` names.
 *
 * @throws {errors.InvalidTarget} when it cannot have it; in the words of the dialect, if that has some.
 */
export function apiFor(
  {
    client,
    indicator,
    purpose,
  }: { readonly client: Client; readonly indicator: string; readonly purpose: Purpose },
  { dialect, resources }: TargetOptions,
): ResourceServer {
  try {
    return resources.forClient(indicator, client, purpose);
  } catch (error) {
    if (!(error instanceof errors.InvalidTarget) || dialect?.refuseApi === undefined) throw error;
    throw told(dialect.refuseApi(identifierOf(indicator)));
  }
}

/**
 * Holds a token of a client's own, with the scope that it would have, against what the request under way asked for.
 *
 * @throws {errors.CustomOIDCProviderError} when the dialect would rather issue none.
 */
export function judgeOwnToken(
  token: { readonly resourceServer?: ResourceServer; readonly scope?: string | undefined },
  { dialect }: Pick<TargetOptions, 'dialect'>,
): void {
  // Its parameters have by now what the dialect filled in.
  const asked = Provider.ctx?.oidc.body?.['scope'];
  if (dialect?.judgeOwn === undefined) return;
  const granted = new Set(token.scope?.split(' '));
  const refused = dialect.judgeOwn({
    hasApi: token.resourceServer !== undefined,
    notGranted: wordsIn(asked).filter((name) => !granted.has(name)),
  });
  if (refused !== undefined) throw told(refused);
}

function wordsIn(scope: unknown): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [];
}

function told({ error, description }: Told): Error {
  return new errors.CustomOIDCProviderError(error, description);
}
