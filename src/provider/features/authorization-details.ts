import { errors, type Client as EngineClient, type KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';
import {
  areGranted,
  detailsIn,
  detailsOf,
  type AuthorizationDetails,
} from '../authorization-details/authorization-details.ts';
import { detailTypes } from '../authorization-details/detail-type.ts';
import { identifierOf } from '../resources.ts';
import { text, toJson } from '../store/payloads.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** Grants of something that a person allowed on a page. */
const GRANTS_OF_PEOPLE: ReadonlySet<unknown> = new Set([
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:openid:params:grant-type:ciba',
]);

/** Requests that say in detail what they are for (RFC 9396). */
export const authorizationDetailsConfig = z
  .strictObject({
    types: detailTypes.describe(
      'What clients may ask for by authorization_details (RFC 9396), each type shown to people in your words; clients need authorizationDetailsTypes.',
    ),
  })
  .refine(({ types }) => new Set(types.map(({ type }) => type)).size === types.length, {
    path: ['types'],
    error: 'must name each type once',
  })
  .prefault({});

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** APIs that no type is of, and types that no client can use. */
export function authorizationDetailsProblems({
  clients,
  apis,
  protocol,
}: {
  readonly clients: readonly {
    readonly authorizationDetailsTypes?: readonly string[] | undefined;
  }[];
  readonly apis: readonly { readonly identifier: string }[];
  readonly protocol: { readonly authorizationDetails: z.output<typeof authorizationDetailsConfig> };
}): readonly Problem[] {
  const { types } = protocol.authorizationDetails;
  const [known, names] = [apis.map(({ identifier }) => identifier), types.map(({ type }) => type)];
  return [
    ...types.flatMap((type, index) =>
      (type.apis ?? [])
        .filter((api) => !known.includes(api))
        .map((api) => ({
          path: ['protocol', 'authorizationDetails', 'types', index, 'apis'],
          message: `${api} is none of the APIs`,
        })),
    ),
    ...clients.flatMap(({ authorizationDetailsTypes = [] }, index) =>
      authorizationDetailsTypes
        .filter((type) => !names.includes(type))
        .map((type) => ({
          path: ['clients', index, 'authorizationDetailsTypes'],
          message: `${type} is none of protocol.authorizationDetails.types`,
        })),
    ),
  ];
}

/**
 * Never off in the engine's eyes where something is left of when it was on: a refresh token that holds details of a
 * type that is gone gets none, instead of an error.
 */
export function authorizationDetails({ details }: FeatureOptions): Feature {
  const { types } = details;
  const names = types.map(({ type }) => type);
  const validate = (ctx: KoaContextWithOIDC, detail: object, client: EngineClient): void =>
    check(ctx, toJson(detail), { client, details });
  return {
    engine: {
      richAuthorizationRequests: {
        enabled: types.length > 0,
        types: Object.fromEntries(names.map((type) => [type, { validate }])),
        // The page has asked for exactly these, whatever else was allowed before.
        authorizationDetailsForGrantSource: ({ oidc }) => [...detailsIn(parameterIn(oidc.params))],
        authorizationDetailsForAccessToken: ({ oidc }, token, source) => {
          const granted = detailsOf(source?.rar);
          const parameter = parameterIn(oidc.params);
          const asked = parameter === undefined ? granted : detailsIn(parameter);
          if (!areGranted(asked, granted))
            throw new errors.InvalidAuthorizationDetails('the details are not among those granted');
          const api = token.resourceServer && identifierOf(token.resourceServer.identifier());
          return [...details.forApi(asked, api)];
        },
        authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
      },
    },
    ...(names.length > 0 && { announced: { authorization_details_types_supported: names } }),
  };
}

/** @throws {errors.InvalidAuthorizationDetails} */
function check(
  { oidc }: KoaContextWithOIDC,
  detail: JsonObject,
  { client, details }: { readonly client: EngineClient; readonly details: AuthorizationDetails },
): void {
  const type = text(detail, 'type') ?? '';
  if (client.authorizationDetailsTypes?.includes(type) !== true)
    throw new errors.InvalidAuthorizationDetails('the client has not registered this type');
  if (oidc.route === 'token' && !GRANTS_OF_PEOPLE.has(oidc.params?.['grant_type']))
    throw new errors.InvalidAuthorizationDetails('a person must be asked for these details');
  const parameter = parameterIn(oidc.params) ?? '';
  const problem = details.problemOf(detail, { parameter, apis: apisOf(oidc) });
  if (problem !== undefined)
    throw new errors.InvalidAuthorizationDetails(`authorization_details: ${problem}`);
}

/** Those that the request names; undefined at the token endpoint, where details are held against what was granted. */
function apisOf({ route, params }: KoaContextWithOIDC['oidc']): readonly string[] | undefined {
  if (route === 'token') return undefined;
  const named = [params?.['resource']].flat();
  return named.filter((one) => typeof one === 'string').map(identifierOf);
}

function parameterIn(params: KoaContextWithOIDC['oidc']['params']): string | undefined {
  const parameter = params?.['authorization_details'];
  return typeof parameter === 'string' ? parameter : undefined;
}
