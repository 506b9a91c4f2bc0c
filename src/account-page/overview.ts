import type { FactorSummary } from '../factors/factors.ts';
import { activityOf } from './activity.ts';
import type { Pages } from './pages.ts';
import { REQUESTS } from './requests.ts';
import type { Room } from './room.ts';
import type { Step } from './visit.ts';

const EVENTS = 4;
const FEW_CODES = 3;

type Advice = Pages['account/overview']['advice'];

/** How the account stands, and what would be worth doing. */
export function createOverview(room: Room): Step {
  const { factors, sessions, connectedClients, backchannelRequests, show } = room;
  return async (visit) => {
    const { account } = visit;
    const [has, listed, clients, waiting, { events }] = await Promise.all([
      factors.of(account.id),
      sessions.list(account.id),
      connectedClients.list(account.id),
      backchannelRequests.list(account.id),
      activityOf(account.id, room, { limit: EVENTS }),
    ]);
    const { email = '', emailVerified } = account;
    await show(visit, 'account/overview', {
      email,
      isEmailVerified: emailVerified,
      hasPassword: account.hasPassword,
      passkeys: has?.passkeys.length ?? 0,
      hasApp: has?.totp !== undefined,
      recoveryCodes: has?.recoveryCodes ?? 0,
      sessions: listed.length,
      clients: clients.length,
      advice: [
        ...(waiting.length > 0 ? [{ what: 'requests', url: REQUESTS }] : []),
        ...adviceFor(has, { isUnverified: email !== '' && !emailVerified, ...room }),
      ],
      events,
    });
  };
}

function adviceFor(
  has: FactorSummary | undefined,
  {
    isUnverified,
    factors,
    authentication,
  }: Pick<Room, 'factors' | 'authentication'> & {
    readonly isUnverified: boolean;
  },
): Advice {
  if (has === undefined) return [];
  const hasSecond = has.totp !== undefined || has.passkeys.length > 0;
  const canHavePasskey = authentication.passkeys && factors.passkeys.available;
  const second = canHavePasskey
    ? { what: 'passkey', url: '/account/passkeys/add' }
    : { what: 'app', url: '/account/authenticator' };
  return [
    ...(isUnverified ? [{ what: 'verify-email', url: '/account/email' }] : []),
    ...(hasSecond ? [] : [second]),
    ...(hasSecond && has.recoveryCodes < FEW_CODES
      ? [{ what: 'recovery-codes', url: '/account/recovery-codes' }]
      : []),
  ];
}
