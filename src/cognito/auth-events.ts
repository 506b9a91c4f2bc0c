import { z } from 'zod';
import { accountActivity, type ActivityCursor } from '../audit/account-activity.ts';
import type { AuditedEvent } from '../audit/audit.ts';
import { deviceLine } from '../http/user-agent.ts';
import type { JsonObject } from '../runtime/json.ts';
import { ofUser, userOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Pool } from './pool.ts';
import type { Pools } from './pools.ts';
import type { Room } from './room.ts';

const PAGE_MAX = 60;
const input = ofUser.extend({
  MaxResults: z.int().min(0).max(PAGE_MAX).nullish(),
  NextToken: z.string().max(2048).nullish(),
});

/** What is told of the audit, and as what. Of the first two only what users did themselves. */
const KINDS: Readonly<Record<string, { readonly EventType: string; readonly isPass: boolean }>> = {
  'account.created': { EventType: 'SignUp', isPass: true },
  'account.password_set': { EventType: 'PasswordChange', isPass: true },
  'sign_in.succeeded': { EventType: 'SignIn', isPass: true },
  'sign_in.failed': { EventType: 'SignIn', isPass: false },
};

const told = z.object({
  type: z.string(),
  by: z.string().default('self'),
  amr: z.array(z.string()).default([]),
  clientId: z.string().optional(),
  origin: z.object({ address: z.string(), userAgent: z.string().optional() }),
});
type Told = z.output<typeof told>;

const CURSOR = /^(?<at>\d{1,12})\.(?<number>\d{1,15})\.(?<node>.+)$/;

/** `AdminListUserAuthEvents`: what the audit knows of a user's sign-ins and passwords in this pool, the newest first. */
export function adminListUserAuthEvents(room: Room): Operation {
  return signedOperation(input, async (given) => {
    const { account, pool } = await userOf(given, room);
    const { events, next } = await accountActivity(room.records, {
      accountId: account.id,
      types: Object.keys(KINDS),
      since: 0,
      before: typeof given.NextToken === 'string' ? readToken(given.NextToken) : undefined,
      limit: given.MaxResults || PAGE_MAX,
    });
    const views = await Promise.all(events.map((one) => viewOf(one, pool, room.pools)));
    return {
      AuthEvents: views.flatMap((view) => (view === undefined ? [] : [view])),
      ...(next !== undefined && { NextToken: tokenOf(next) }),
    };
  });
}

/** Undefined: it was somebody else's doing, or in an application that is none of the pool's. */
async function viewOf(
  { node, number, at, event }: AuditedEvent,
  pool: Pool,
  pools: Pick<Pools, 'findClient'>,
): Promise<JsonObject | undefined> {
  const known = told.parse(event);
  const kind = KINDS[known.type];
  const client = known.clientId === undefined ? undefined : await pools.findClient(known.clientId);
  const isOfPool = known.clientId === undefined || client?.pool.id === pool.id;
  if (kind === undefined || known.by !== 'self' || !isOfPool) return undefined;
  const device = deviceLine(known.origin.userAgent);
  return {
    EventId: `${node}-${number}`,
    EventType: kind.EventType,
    CreationDate: at,
    EventResponse: kind.isPass ? 'Pass' : 'Fail',
    ...(kind.EventType === 'SignIn' && { ChallengeResponses: answersOf(known, kind.isPass) }),
    EventContextData: {
      IpAddress: known.origin.address,
      ...(device !== '' && { DeviceName: device }),
    },
  };
}

function answersOf({ amr }: Told, isPass: boolean): readonly JsonObject[] {
  const ChallengeResponse = isPass ? 'Success' : 'Failure';
  const names = amr.includes('otp') ? ['Password', 'Mfa'] : ['Password'];
  return names.map((ChallengeName) => ({ ChallengeName, ChallengeResponse }));
}

function tokenOf({ at, number, node }: ActivityCursor): string {
  return Buffer.from(`${at}.${number}.${node}`, 'utf8').toString('base64url');
}

/** @throws {CognitoException} */
function readToken(token: string): ActivityCursor {
  const { at, number, node } =
    CURSOR.exec(Buffer.from(token, 'base64url').toString('utf8'))?.groups ?? {};
  if (node !== undefined) return { at: Number(at), number: Number(number), node };
  throw new CognitoException('InvalidParameterException', 'Invalid pagination token');
}
