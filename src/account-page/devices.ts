import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';
import { deviceOf } from '../http/user-agent.ts';
import type { Step, Visit } from './visit.ts';

const DEVICES = '/account/devices';

/** Where somebody is signed in, and which browsers are spared the second factor. */
export function createDevices(room: Room): {
  readonly show: Step;
  readonly endSession: Step;
  readonly endOthers: Step;
  readonly forget: Step;
} {
  const { sessions, factors, takeBack, audit, show } = room;

  async function end({ account, actor }: Visit, sessionUid: string): Promise<void> {
    await takeBack.revoke({ kind: 'session', sessionUid }, { reason: 'account_page', actor });
    const { by, origin } = actor;
    await audit.record({ type: 'session.ended', accountId: account.id, by, origin });
  }

  return {
    async show(visit) {
      const { account, session } = visit;
      const [listed, remembered] = await Promise.all([
        sessions.list(account.id),
        factors.devices.list(account.id),
      ]);
      const shown = listed.map(({ userAgent, ...one }) => ({
        ...one,
        device: deviceOf(userAgent),
        isHere: one.uid === session.uid,
      }));
      await show(visit, 'account/devices', {
        sessions: shown.toSorted((one, other) => Number(other.isHere) - Number(one.isHere)),
        remembered: remembered.map(({ userAgent, ...one }) => ({
          ...one,
          device: deviceOf(userAgent),
        })),
      });
    },

    async endSession(visit) {
      const { ctx, account, form } = visit;
      const uid = form.get('session') ?? '';
      // Somebody else's session is as good as none.
      const isTheirs = (await sessions.list(account.id)).some((one) => one.uid === uid);
      if (isTheirs) await end(visit, uid);
      seeOther(ctx, isTheirs ? `${DEVICES}?done=session-ended` : DEVICES);
    },

    async endOthers(visit) {
      const { ctx, account, session } = visit;
      const others = (await sessions.list(account.id)).filter(({ uid }) => uid !== session.uid);
      await Promise.all(others.map(({ uid }) => end(visit, uid)));
      seeOther(ctx, `${DEVICES}?done=sessions-ended`);
    },

    async forget(visit) {
      const { ctx, account, actor, form } = visit;
      const isForgotten = await factors.devices.forget(account.id, form.get('device') ?? '', actor);
      seeOther(ctx, isForgotten ? `${DEVICES}?done=device-forgotten` : DEVICES);
    },
  };
}
