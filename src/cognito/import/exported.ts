import { z } from 'zod';
import { LatchkeyError } from '../../runtime/errors.ts';
import { clientInput } from '../pool-input.ts';

const attribute = z.object({ Name: z.string(), Value: z.string().default('') });
/** The command line writes instants as text, other tools as seconds. */
const time = z.union([
  z.number().transform((seconds) => Math.floor(seconds)),
  z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1000)),
]);

const exportedUser = z.object({
  Username: z.string().min(1).max(128),
  Attributes: z.array(attribute).default([]),
  UserCreateDate: time.optional(),
  Enabled: z.boolean().default(true),
  UserStatus: z.string().default('CONFIRMED'),
  MFAOptions: z.array(z.unknown()).optional(),
});
/** A user as `list-users` tells them. */
export type ExportedUser = z.output<typeof exportedUser>;

const exportedGroup = z.object({
  GroupName: z.string().min(1).max(128),
  Description: z.string().optional(),
  Precedence: z.int().min(0).optional(),
  RoleArn: z.string().optional(),
});
export type ExportedGroup = z.output<typeof exportedGroup>;

const exportedPool = z.object({ Id: z.string(), Name: z.string() }).loose();
export type ExportedPool = z.output<typeof exportedPool>;

const exportedClient = clientInput.extend({
  ClientId: z.string(),
  UserPoolId: z.string(),
  ClientSecret: z.string().optional(),
});
export type ExportedClient = z.output<typeof exportedClient>;

/** What one answer of `aws cognito-idp` may have in it. */
const answer = z.object({
  UserPool: exportedPool.optional(),
  UserPoolClient: exportedClient.optional(),
  Groups: z.array(exportedGroup).default([]),
  Users: z.array(exportedUser).default([]),
});

/** Files of an export do not say what they are about, or say too much. */
export class ExportUnclear extends LatchkeyError {
  readonly code = 'ERR_EXPORT_UNCLEAR';
}

/** All that was read of one pool. */
export interface Exported {
  readonly pool: ExportedPool | undefined;
  readonly clients: readonly ExportedClient[];
  readonly groups: readonly ExportedGroup[];
  readonly users: readonly ExportedUser[];
  /** Names of users by group. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/** A file with answers of `aws cognito-idp`, or one. */
export interface ExportedFile {
  readonly name: string;
  readonly content: unknown;
}

/** `list-users-in-group` does not say of which group: the name of the file does. */
const MEMBERS = /(?:^|\/)group-(?<group>.+)\.json$/;

/**
 * Puts files together.
 *
 * @throws {ExportUnclear} naming the file.
 */
export function readExported(files: readonly ExportedFile[]): Exported {
  const read = files.flatMap(({ name, content }) => {
    const { success, data, error } = z
      .union([z.array(answer), answer.transform((one) => [one])])
      .safeParse(content);
    if (!success) throw new ExportUnclear(`${name}: ${z.prettifyError(error)}`);
    const { group } = MEMBERS.exec(name)?.groups ?? {};
    return data.map((one) => ({ ...one, group }));
  });
  const pools = read.flatMap(({ UserPool }) => UserPool ?? []);
  if (new Set(pools.map(({ Id }) => Id)).size > 1)
    throw new ExportUnclear('there is more than one pool: import one at a time');
  return {
    pool: pools[0],
    clients: read.flatMap(({ UserPoolClient }) => UserPoolClient ?? []),
    groups: read.flatMap(({ Groups }) => Groups),
    users: read.flatMap(({ Users, group }) => (group === undefined ? Users : [])),
    members: new Map(
      read.flatMap(({ Users, group }) =>
        group === undefined ? [] : [[group, Users.map(({ Username }) => Username)] as const],
      ),
    ),
  };
}
