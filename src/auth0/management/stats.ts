import { z } from 'zod';
import { countByDay, countPeople } from '../../audit/site-counts.ts';
import { profileOf } from '../profiles.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { instantOf } from '../person.ts';

const DAY_SECONDS = 86_400;
const DAYS_MAX = 31;
const DAYS = 30;
const SECOND_MS = 1000;

const day = z
  .string()
  .regex(/^\d{8}$/, { error: 'expected a day as YYYYMMDD' })
  .transform((text, context) => {
    const at = Date.parse(text.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3'));
    if (!Number.isNaN(at)) return at / SECOND_MS;
    context.addIssue({ code: 'custom', message: 'is no day' });
    return z.NEVER;
  });
const dailyQuery = z.object({ from: day.optional(), to: day.optional() });

/** `/stats`: how many people sign in and come to the tenant. */
export function statsRoutes({
  clock,
  records,
  tenant,
}: ManagementRoom): readonly ManagementRoute[] {
  const site = profileOf(tenant).namespace;
  return [
    {
      method: 'get',
      path: '/stats/active-users',
      scopes: ['read:stats'],
      async run() {
        const now = clock.now();
        const span = { since: now - DAYS * DAY_SECONDS, before: now + 1 };
        return await countPeople(records, { site, type: 'sign_in.succeeded', ...span });
      },
    },
    {
      method: 'get',
      path: '/stats/daily',
      scopes: ['read:stats'],
      async run(call) {
        const days = daysOf(call.query(dailyQuery), clock.now());
        const span = { since: days.at(0) ?? 0, before: (days.at(-1) ?? 0) + DAY_SECONDS };
        const [logins, signups] = await Promise.all([
          countByDay(records, { site, type: 'sign_in.succeeded', ...span }),
          countByDay(records, { site, type: 'account.created', ...span }),
        ]);
        const updated = instantOf(clock.now());
        return days.map((date) => ({
          date: instantOf(date),
          logins: logins.get(date) ?? 0,
          signups: signups.get(date) ?? 0,
          leaked_passwords: 0,
          created_at: instantOf(date),
          updated_at: updated,
        }));
      },
    },
  ];
}

/** When each of them began; left out: the last 30 days, up to today. @throws {ManagementProblem} */
function daysOf({ from, to }: z.output<typeof dailyQuery>, now: number): readonly number[] {
  const last = to ?? now - (now % DAY_SECONDS);
  const first = from ?? last - (DAYS - 1) * DAY_SECONDS;
  const count = (last - first) / DAY_SECONDS + 1;
  if (count >= 1 && count <= DAYS_MAX)
    return Array.from({ length: count }, (_, index) => first + index * DAY_SECONDS);
  throw new ManagementProblem(400, {
    message: `from, to: expected 1 to ${DAYS_MAX} days`,
    errorCode: 'invalid_query_string',
  });
}
