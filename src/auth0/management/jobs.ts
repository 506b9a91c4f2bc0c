import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';
import { randomId } from '../../runtime/random.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import { instantOf } from '../person.ts';

/** As long as Auth0 keeps what became of one. */
const KEPT_SECONDS = 86_400;

const error = z.strictObject({ code: z.string(), message: z.string(), path: z.string() });
const failed = z.strictObject({
  user: z.record(z.string(), z.json()),
  errors: z.array(error),
});
/** Who of a file was not carried, and why. */
export type FailedUser = z.output<typeof failed>;

/** What a file of users is to have; `fields` left out: all of them, or in CSV those of each user that are no objects. */
export const exportShape = z.strictObject({
  format: z.enum(['json', 'csv']),
  connection_id: z.string().optional(),
  limit: z.number().optional(),
  fields: z
    .array(z.strictObject({ name: z.string(), export_as: z.string().optional() }))
    .optional(),
});
/** A file of users that somebody asked for. */
export type ExportWish = z.output<typeof exportShape>;

const job = z.strictObject({
  id: z.string(),
  type: z.string(),
  createdAt: z.number(),
  /** Of a file of users. */
  connectionId: z.string().optional(),
  externalId: z.string().optional(),
  summary: z
    .strictObject({
      failed: z.number(),
      updated: z.number(),
      inserted: z.number(),
      total: z.number(),
    })
    .optional(),
  errors: z.array(failed),
  export: exportShape.optional(),
});
/** A job that is done. */
export type Job = z.output<typeof job>;

/** What became of jobs, for every node to tell. */
export interface Jobs {
  keep(done: Omit<Job, 'id' | 'createdAt'>): Promise<Job>;
  /** @throws {ManagementProblem} */
  find(id: string): Promise<Job>;
}

/** In the state, for a day. Jobs of one tenant are unknown to another. */
export function createJobs({
  state,
  clock,
  tenant,
}: Pick<ManagementRoom, 'clock' | 'state' | 'tenant'>): Jobs {
  const keyOf = (id: string): string => `auth0:${tenant.name}:job:${id}`;
  return {
    async keep(done) {
      const made = { ...done, id: `job_${randomId(16, 'job')}`, createdAt: clock.now() };
      const value: JsonObject = JSON.parse(JSON.stringify(made));
      await state.put(keyOf(made.id), value, { ttlSeconds: KEPT_SECONDS });
      return made;
    },
    async find(id) {
      const entry = /^job_[\w-]{22}$/.test(id) ? await state.get(keyOf(id)) : undefined;
      if (entry !== undefined) return job.parse(entry.value);
      throw new ManagementProblem(404, {
        message: 'The job does not exist.',
        errorCode: 'inexistent_job',
      });
    },
  };
}

/** As answers have it. */
export function jobView(
  { id, type, createdAt, connectionId, externalId, summary, export: wish }: Job,
  status: 'pending' | 'completed',
): object {
  return {
    id,
    type,
    status,
    created_at: instantOf(createdAt),
    ...(connectionId !== undefined && { connection_id: connectionId }),
    ...wish,
    ...(externalId !== undefined && { external_id: externalId }),
    ...(status === 'completed' && { percentage_done: 100, ...(summary && { summary }) }),
  };
}
