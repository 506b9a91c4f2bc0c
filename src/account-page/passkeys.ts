import { seeOther } from '../http/page.ts';
import type { Passkey } from '../factors/passkeys.ts';
import type { ShownPasskey } from './pages.ts';
import type { Room } from './room.ts';
import type { Step, Visit } from './visit.ts';
import { canDoWithout } from './ways-in.ts';

const SECURITY = '/account/security';

/** Another name for a passkey, or a passkey less. */
export function createPasskeys({ factors, authentication, notices, show }: Room): {
  readonly show: Step;
  readonly rename: Step;
  readonly remove: Step;
} {
  const { passkeys } = factors;

  /** The passkey of the path, if it is this person's. */
  async function find({ ctx, account }: Visit): Promise<Passkey | undefined> {
    const id = String(ctx['params'].id);
    return (await passkeys.list(account.id)).find((passkey) => passkey.id === id);
  }

  async function canRemove({ account }: Visit, { id }: Passkey): Promise<boolean> {
    const has = await factors.of(account.id);
    return has !== undefined && canDoWithout({ kind: 'passkey', id }, has, authentication);
  }

  async function showOne(visit: Visit, isNameWrong = false): Promise<void> {
    const passkey = await find(visit);
    if (passkey === undefined) {
      seeOther(visit.ctx, SECURITY);
      return;
    }
    const page = {
      passkey: shownPasskey(passkey),
      canRemove: await canRemove(visit, passkey),
      isNameWrong,
    };
    await show(visit, 'account/passkey', page, { status: isNameWrong ? 422 : 200 });
  }

  return {
    show: (visit) => showOne(visit),

    async rename(visit) {
      const { ctx, account, form } = visit;
      const name = (form.get('name') ?? '').trim();
      const isRenamed = await passkeys.rename(account.id, String(ctx['params'].id), name);
      if (isRenamed) seeOther(ctx, `${SECURITY}?done=passkey-renamed`);
      else await showOne(visit, true);
    },

    async remove(visit) {
      const { ctx, account, actor } = visit;
      const passkey = await find(visit);
      if (passkey === undefined || !(await canRemove(visit, passkey))) {
        await showOne(visit);
        return;
      }
      if (await passkeys.remove(account.id, passkey.id, actor))
        await notices.tell(visit, 'passkey-removed');
      seeOther(ctx, `${SECURITY}?done=passkey-removed`);
    },
  };
}

/** A passkey as its owner may know it again. */
export function shownPasskey(passkey: Passkey): ShownPasskey {
  const { id, name, device, createdAt, lastUsedAt = 0, backup } = passkey;
  return {
    url: `/account/passkeys/${id}`,
    name,
    device: device === undefined || device.name === name ? '' : device.name,
    picture: device?.picture ?? 'security-key',
    createdAt,
    lastUsedAt,
    isSynced: backup === 'made',
  };
}
