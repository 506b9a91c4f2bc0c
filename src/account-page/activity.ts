import { isIP } from 'node:net';
import { z } from 'zod';
import { accountActivity, type ActivityCursor } from '../audit/account-activity.ts';
import type { AuditedEvent } from '../audit/audit.ts';
import type { FactorKind } from '../factors/factors.ts';
import type { ShownEvent, ShownLimit } from './pages.ts';
import type { Room } from './room.ts';
import { deviceOf } from '../http/user-agent.ts';
import type { Step } from './visit.ts';

const PAGE = 25;
const DAY = 86_400;
/** What is shown of the audit, and under which message. Tokens that are issued all day long are not. */
const WORDS: Readonly<Record<string, string>> = {
  'sign_in.succeeded': 'signed-in',
  'sign_in.failed': 'sign-in-failed',
  sign_out: 'signed-out',
  'session.ended': 'session-ended',
  'consent.granted': 'client-allowed',
  'client.disconnected': 'client-removed',
  'device.connected': 'device-connected',
  'device.refused': 'device-refused',
  'ciba.approved': 'request-approved',
  'ciba.refused': 'request-refused',
  'account.created': 'created',
  'account.password_set': 'password-set',
  'account.password_removed': 'password-removed',
  'account.updated': 'updated',
  'account.email_changed': 'email-changed',
  'account.email_verified': 'email-verified',
  'account.disabled': 'disabled',
  'account.enabled': 'enabled',
  'account.locked': 'locked',
  'account.unlocked': 'unlocked',
  'account.terms_accepted': 'terms-accepted',
  'account.recovery_link_made': 'recovery-asked',
  'account.recovered': 'recovered',
  'factor.added': 'added',
  'factor.removed': 'removed',
  'factor.failed': 'failed',
  'factor.locked': 'throttled',
};
const CODES: ReadonlyMap<FactorKind, Exclude<ShownLimit['what'], 'password'>> = new Map([
  ['totp', 'totp'],
  ['recovery_code', 'recovery-code'],
  ['email_code', 'email-code'],
  ['sms_code', 'sms-code'],
]);
const ALARMING = new Set(['sign-in-failed', 'locked', 'recovered']);
/** The types of events that people see of themselves. */
export const ACTIVITY_TYPES: readonly string[] = Object.keys(WORDS);

const auditEvent = z.object({
  type: z.string(),
  factor: z.string().optional(),
  clientId: z.string().optional(),
  origin: z.object({ address: z.string(), userAgent: z.string().optional() }),
});

type Activity = Pick<Room, 'records' | 'clock' | 'settings' | 'clients'>;

/** The newest events of somebody, and where the older ones begin. */
export async function activityOf(
  accountId: string,
  { records, clock, settings, clients }: Activity,
  { limit, before }: { readonly limit: number; readonly before?: ActivityCursor | undefined },
): Promise<{
  readonly events: readonly ShownEvent[];
  readonly next: ActivityCursor | undefined;
}> {
  const since = clock.now() - settings.activityFor;
  const found = await accountActivity(records, {
    accountId,
    types: ACTIVITY_TYPES,
    since,
    before,
    limit,
  });
  const events = await Promise.all(found.events.map((one) => shown(one, clients)));
  return { events, next: found.next };
}

export function createActivity(room: Room): Step {
  return async (visit) => {
    const before = readCursor(visit.ctx.query['before']);
    const { events, next } = await activityOf(visit.account.id, room, { limit: PAGE, before });
    const older = next === undefined ? '' : `/account/activity?before=${writeCursor(next)}`;
    const days = Math.round(room.settings.activityFor / DAY);
    const limits = await limitsOf(visit.account.id, room);
    await room.show(visit, 'account/activity', { events, limits, older, days, isFirst: !before });
  };
}

/** Of passwords and of codes, those that were failed at since the last success. */
async function limitsOf(
  accountId: string,
  { accounts, factors }: Pick<Room, 'accounts' | 'factors'>,
): Promise<readonly ShownLimit[]> {
  const [passwords, codes] = await Promise.all([
    accounts.limits(accountId),
    factors.failures(accountId),
  ]);
  const counted = [
    ...passwords.map((limit) => ({ ...limit, what: 'password' as const })),
    ...codes.flatMap(({ factor, ...limit }) => {
      const what = CODES.get(factor);
      return what === undefined ? [] : [{ ...limit, what, login: '' }];
    }),
  ];
  return counted.map(({ what, who, login, failures, max }) => {
    const isReached = failures >= max;
    return { what, who, login, max, isReached, failures: Math.min(failures, max) };
  });
}

async function shown({ at, event }: AuditedEvent, clients: Room['clients']): Promise<ShownEvent> {
  const { type, factor, clientId, origin } = auditEvent.parse(event);
  const what = wordOf(type, factor);
  const client = clientId === undefined ? undefined : await clients.find(clientId);
  const name = client?.metadata['client_name'];
  return {
    what,
    at,
    device: deviceOf(origin.userAgent),
    address: isIP(origin.address) === 0 ? '' : origin.address,
    client: typeof name === 'string' ? name : (clientId ?? ''),
    isAlarming: ALARMING.has(what) || type === 'factor.failed' || type === 'factor.locked',
  };
}

/** The end of the key of the message for an event: `signed-in`, `totp-added`. */
export function wordOf(type: string, factor: string | undefined): string {
  const word = WORDS[type] ?? '';
  return factor === undefined ? word : `${factor.replaceAll('_', '-')}-${word}`;
}

const cursor = z.tuple([z.int(), z.int(), z.string()]);

function writeCursor({ at, number, node }: ActivityCursor): string {
  return Buffer.from(JSON.stringify([at, number, node])).toString('base64url');
}

/** Undefined: from the newest on, also for what is no cursor of ours. */
function readCursor(text: string | readonly string[] | undefined): ActivityCursor | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const read = cursor.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    if (!read.success) return undefined;
    const [at, number, node] = read.data;
    return { at, number, node };
  } catch {
    return undefined;
  }
}
