import { z } from 'zod';
import {
  isName,
  isPermission,
  isRoleName,
  NAME_RULE,
  PERMISSION_RULE,
  PERMISSIONS_MAX,
  ROLE_NAME_RULE,
} from './names.ts';
import { nestingProblem, type Nesting } from './nesting.ts';

const LINKS_MAX = 10_000;

const name = z.string().refine(isName, { error: NAME_RULE });
const description = z.string().min(1).max(200).optional();
const people = z.array(z.string().min(1).max(255)).max(LINKS_MAX).optional();
const nested = z.array(name).max(LINKS_MAX).optional();

const group = z.strictObject({
  name: name.describe('As claims tell it.'),
  description: description.describe('For operators.'),
  groups: nested.describe(
    'Groups that are in it, all of them declared here; left out: they are added by command.',
  ),
  people: people.describe(
    'Who is in it, each by id, e-mail address or username; left out: they are added by command.',
  ),
});

const role = z.strictObject({
  name: z.string().refine(isRoleName, { error: ROLE_NAME_RULE }).describe('As claims tell it.'),
  api: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The identifier of the API it belongs to; left out: of the installation.'),
  description: description.describe('For operators.'),
  permissions: z
    .array(z.string().refine(isPermission, { error: PERMISSION_RULE }))
    .max(PERMISSIONS_MAX)
    .default([])
    .describe('What it permits: scopes or `permissions` of its API.'),
  groups: nested.describe(
    'Groups that hold it, all of them declared; left out: they get it by command.',
  ),
  people: people.describe(
    'Who holds it, each by id, e-mail address or username; left out: they get it by command.',
  ),
});

/** A group as the configuration declares it. */
export type DeclaredGroupSettings = z.output<typeof group>;
/** A role as the configuration declares it. */
export type DeclaredRoleSettings = z.output<typeof role>;

/** Groups that the configuration declares. They exist for as long as they are declared. */
export const groupsConfig = z
  .array(group)
  .default([])
  .superRefine((groups, context) => {
    const names = new Set(groups.map((one) => one.name));
    const seen = new Set<string>();
    const nestings: Nesting[] = [];
    groups.forEach(({ name: outer, groups: inside = [] }, index) => {
      const add = (path: readonly PropertyKey[], message: string): void =>
        context.addIssue({ code: 'custom', path: [index, ...path], message });
      if (seen.has(outer)) add(['name'], 'is taken by another group');
      seen.add(outer);
      inside.forEach((inner, place) => {
        const problem = names.has(inner)
          ? nestingProblem(nestings, { inner, outer })
          : `no group has the name ${inner}`;
        if (problem === undefined) nestings.push({ inner, outer });
        else add(['groups', place], problem);
      });
    });
  })
  .describe('Groups of people; what is declared here is changed here alone.');

/** Roles that the configuration declares. They exist for as long as they are declared. */
export const rolesConfig = z
  .array(role)
  .default([])
  .superRefine((roles, context) => {
    const seen = new Set<string>();
    roles.forEach(({ name: one, api }, index) => {
      const key = JSON.stringify([api ?? null, one]);
      if (seen.has(key))
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: 'is taken by another role of the same API',
        });
      seen.add(key);
    });
  })
  .describe('Roles: what people and groups may do at an API, under one name.');

/** What the two sections name in others and what is not there, with the path from the top. */
export function groupProblems(settings: {
  readonly groups: readonly DeclaredGroupSettings[];
  readonly roles: readonly DeclaredRoleSettings[];
  readonly apis: readonly {
    readonly identifier: string;
    readonly scopes: Readonly<Record<string, string>>;
    readonly permissions: Readonly<Record<string, string>>;
  }[];
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const names = new Set(settings.groups.map((one) => one.name));
  const apis = new Map(settings.apis.map((one) => [one.identifier, one]));
  return settings.roles.flatMap(({ api: identifier, permissions, groups = [] }, index) => {
    const api = identifier === undefined ? undefined : apis.get(identifier);
    const isKnown = (permission: string): boolean =>
      api === undefined || permission in api.scopes || permission in api.permissions;
    return [
      ...(identifier !== undefined && api === undefined
        ? [{ path: ['roles', index, 'api'], message: `no API has the identifier ${identifier}` }]
        : []),
      ...permissions.flatMap((permission, place) =>
        isKnown(permission)
          ? []
          : [
              {
                path: ['roles', index, 'permissions', place],
                message: `is no scope and no permission of ${identifier ?? ''}`,
              },
            ],
      ),
      ...groups.flatMap((one, place) =>
        names.has(one)
          ? []
          : [{ path: ['roles', index, 'groups', place], message: `no group has the name ${one}` }],
      ),
    ];
  });
}
