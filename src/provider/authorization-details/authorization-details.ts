import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../runtime/json.ts';
import { isJsonObject, text } from '../store/payloads.ts';
import type { DetailType, Words } from './detail-type.ts';
import { problemOfDetail, shownFields, type ShownField } from './read-detail.ts';

const CHARACTERS_MAX = 4096;
const DETAILS_MAX = 10;

/** One authorization detail (RFC 9396 section 2). */
export interface Detail extends JsonObject {
  readonly type: string;
}

/** One thing that a client asks to be allowed, in the words of the installation. */
export interface ShownDetail {
  readonly type: string;
  readonly name: Words;
  /** Empty: the name says all. */
  readonly description: Words;
  readonly fields: readonly ShownField[];
}

/** Authorization details (RFC 9396) of the types that the installation declares. */
export interface AuthorizationDetails {
  readonly types: readonly DetailType[];
  /**
   * What is wrong with one detail of a request for `apis`, if any are named; undefined: nothing. `parameter`: all of
   * them, as they were sent.
   */
  problemOf(
    detail: JsonObject,
    request: { readonly parameter: string; readonly apis: readonly string[] | undefined },
  ): string | undefined;
  /** How people see what was sent. Undefined: there is something in it that nobody could be shown. */
  shown(parameter: string | undefined): readonly ShownDetail[] | undefined;
  /** Those of `granted` that a token for `api` may hold; undefined: a token for our userinfo alone. */
  forApi(granted: readonly Detail[], api: string | undefined): readonly Detail[];
}

/** Over the types of the configuration. */
export function createAuthorizationDetails(types: readonly DetailType[]): AuthorizationDetails {
  const byName = new Map(types.map((one) => [one.type, one]));
  const typeOf = (detail: JsonObject): DetailType | undefined =>
    byName.get(text(detail, 'type') ?? '');

  function shownOne(detail: JsonObject): ShownDetail | undefined {
    const type = typeOf(detail);
    if (type === undefined || problemOfDetail(detail, type) !== undefined) return undefined;
    const { name, description = '' } = type;
    return { type: type.type, name, description, fields: shownFields(detail, type) };
  }

  return {
    types,
    problemOf(detail, { parameter, apis }) {
      const type = typeOf(detail);
      if (type === undefined) return 'is of no type that is known here';
      if (parameter.length > CHARACTERS_MAX || detailsIn(parameter).length > DETAILS_MAX)
        return `are too many: at most ${DETAILS_MAX} in ${CHARACTERS_MAX} characters`;
      const isFor = (api: string): boolean => type.apis?.includes(api) ?? true;
      if (type.apis !== undefined && apis !== undefined && !apis.some(isFor))
        return `'${type.type}' needs resource to name one of its APIs`;
      return problemOfDetail(detail, type);
    },
    shown(parameter) {
      const shown = detailsIn(parameter).map(shownOne);
      const known = shown.filter((one) => one !== undefined);
      return known.length === shown.length ? known : undefined;
    },
    forApi: (granted, api) =>
      granted.filter((detail) => {
        const type = typeOf(detail);
        if (type === undefined) return false;
        return type.apis === undefined || (api !== undefined && type.apis.includes(api));
      }),
  };
}

/** The details in `value`, which was checked before; in anything else there are none. */
export function detailsOf(value: unknown): readonly Detail[] {
  return Array.isArray(value) ? value.filter(isDetail) : [];
}

/** The details of a parameter that the engine has parsed before. */
export function detailsIn(parameter: string | undefined): readonly Detail[] {
  return detailsOf(JSON.parse(parameter ?? '[]'));
}

/** Whether each of `asked` is one of `granted`, member for member. */
export function areGranted(asked: readonly Detail[], granted: readonly Detail[]): boolean {
  return asked.every((one) => granted.some((other) => isDeepStrictEqual(one, other)));
}

function isDetail(value: unknown): value is Detail {
  return isJsonObject(value) && text(value, 'type') !== undefined;
}
