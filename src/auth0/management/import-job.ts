import { z } from 'zod';
import { readBody } from '../../http/form.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { carryUser, type Fate } from '../import/carry-user.ts';
import { readFileUser } from '../import/user-file.ts';
import type { Call } from './call.ts';
import { type FailedUser, type Job, jobView, type Jobs } from './jobs.ts';
import { invalidBody, ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION_ID } from './user-view.ts';

const FILE_BYTES_MAX = 500_000;
/** Of the file and all that is around it. */
export const IMPORT_BYTES_MAX = FILE_BYTES_MAX + 16_384;
const ERRORS_MAX = 200;
const AT_ONCE = 32;
/** What of a user is told again beside an error: no hash. */
const NAMES = ['user_id', 'email', 'username'] as const;

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
const fields = z.object({
  connection_id: z.literal(CONNECTION_ID, { error: `is ${CONNECTION_ID} alone` }),
  upsert: flag,
  external_id: z.string().max(200).optional(),
  users: z.instanceof(Blob, { error: 'is missing, or no file' }),
});

/** The file is small enough to be carried before the answer, which says `pending` all the same, as clients expect. */
export function importJob(room: ManagementRoom, jobs: Jobs): ManagementRoute {
  return {
    method: 'post',
    path: '/jobs/users-imports',
    scopes: ['create:users'],
    status: 202,
    async run(call) {
      const form = await readFields(call);
      const users = await usersIn(form.users);
      const done = await carryAll(users, form.upsert, call, room);
      const made = await jobs.keep({
        ...done,
        type: 'users_import',
        connectionId: form.connection_id,
        ...(form.external_id !== undefined && { externalId: form.external_id }),
      });
      return jobView(made, 'pending');
    },
  };
}

async function readFields({ ctx }: Pick<Call, 'ctx'>): Promise<z.output<typeof fields>> {
  const type = ctx.get('Content-Type');
  const body = await readBody(ctx, IMPORT_BYTES_MAX);
  const form = await new Response(body, { headers: { 'content-type': type } })
    .formData()
    .catch((cause: unknown) => {
      throw invalidBody('expected multipart/form-data', cause);
    });
  const { success, data, error } = fields.safeParse(Object.fromEntries(form));
  if (success) return data;
  throw invalidBody(
    error.issues.map(({ path, message }) => `'${path.join('.')}': ${message}`).join('; '),
  );
}

/** @throws {ManagementProblem} */
async function usersIn(file: Blob): Promise<readonly unknown[]> {
  if (file.size > FILE_BYTES_MAX)
    throw new ManagementProblem(413, {
      message: `users: a file of more than ${FILE_BYTES_MAX} bytes`,
    });
  try {
    const users: unknown = JSON.parse(await file.text());
    if (Array.isArray(users)) return users;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidBody("'users': is no JSON list");
}

async function carryAll(
  users: readonly unknown[],
  isUpsert: boolean,
  { actor }: Pick<Call, 'actor'>,
  room: ManagementRoom,
): Promise<Pick<Job, 'summary' | 'errors'>> {
  const rooms = { ...room, totp: room.factors.totp };
  const fates: (Fate | FailedUser)[] = [];
  for (let start = 0; start < users.length; start += AT_ONCE) {
    const some = users.slice(start, start + AT_ONCE).map(async (entry) => {
      const read = readFileUser(entry);
      const fate = read.ok ? await carryUser(read.user, rooms, { actor, isUpsert }) : read.problems;
      if (fate === 'present') return failedUser(entry, ['user already exists']);
      return typeof fate === 'string' ? fate : failedUser(entry, fate);
    });
    fates.push(...(await Promise.all(some)));
  }
  const failures = fates.filter((one) => typeof one === 'object');
  return {
    summary: {
      failed: failures.length,
      updated: fates.filter((one) => one === 'updated').length,
      inserted: fates.filter((one) => one === 'made').length,
      total: fates.length,
    },
    errors: failures.slice(0, ERRORS_MAX),
  };
}

function failedUser(entry: unknown, problems: readonly string[]): FailedUser {
  const { data = {} } = z.record(z.string(), z.json()).safeParse(entry);
  return {
    user: namesIn(data),
    errors: problems.map((message) => ({
      code: message === 'user already exists' ? 'DUPLICATED_USER' : 'INVALID_FORMAT',
      message: message.slice(0, 300),
      path: /^[\w.]{1,100}(?=: )/.exec(message)?.[0] ?? '',
    })),
  };
}

function namesIn(user: JsonObject): Record<string, string> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = user[name];
      return typeof value === 'string' ? [[name, value.slice(0, 255)]] : [];
    }),
  );
}
