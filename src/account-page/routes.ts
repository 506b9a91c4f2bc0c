import { Router } from '@koa/router';
import type { House } from '../capability.ts';
import { createBrowserKeys } from '../flows/browser-key.ts';
import { createFormTokens } from '../http/form-tokens.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import { CALLBACK } from './account-client.ts';
import { createActivity } from './activity.ts';
import { createAuthenticator } from './authenticator.ts';
import { createClientList } from './clients.ts';
import type { AccountPageConfig } from './config.ts';
import { createDeletion } from './deletion.ts';
import { createDetours } from './detour.ts';
import { createDevices } from './devices.ts';
import { createEmailLink } from './email-link.ts';
import { createEmail } from './email.ts';
import { createOverview } from './overview.ts';
import { createOwnData } from './own-data.ts';
import { createPasskeyEnrolment } from './passkey-enrolment.ts';
import { createPasskeys } from './passkeys.ts';
import { createPassword } from './password.ts';
import { createProfile } from './profile.ts';
import { createRecoveryCodes } from './recovery-codes.ts';
import { createRequests, REQUESTS } from './requests.ts';
import { createRestorePages } from './restore-pages.ts';
import type { Room } from './room.ts';
import { createSecurity } from './security.ts';
import { createShowOutside, createShowPage, type ShowOutside } from './show.ts';
import { createDoor, type Door, type Terms } from './visit.ts';

/** A change of how one gets in, or of what would be lost for good. */
const FRESH: Terms = { isFresh: true };

/** Everything below `/account`. */
export function createAccountRoutes(settings: AccountPageConfig, house: House): Router {
  const { profile, renderer, sealer, authentication } = house;
  const { issuer } = profile;
  const tokens = createFormTokens(sealer.keysFor('account-forms'));
  const detours = createDetours({ ...house, issuer, browserKeys: createBrowserKeys(issuer) });
  const freshForSeconds = authentication.freshFor;
  const door = createDoor({ ...house, tokens, detours, freshForSeconds });
  const room: Room = { ...house, issuer, settings, show: createShowPage(renderer, issuer) };
  const show = createShowOutside(renderer);
  const restore = createRestorePages({ ...house, tokens, show });

  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(issuer));
  router.get(CALLBACK, async (ctx) => {
    if (!(await detours.finish(ctx))) await show(ctx, 'account/not-signed-in', {});
  });
  router.get('/account/email/link/:flow/:token', createEmailLink({ ...house, tokens, show }));
  for (const [path, kind] of [
    ['/account/not-me/:token', 'not-me'],
    ['/account/undo-email/:token', 'email-change-undo'],
  ] as const)
    router.get(path, restore(kind)).post(path, restore(kind));
  addPages(router, door, room);
  addSecurity(router, door, room, show);
  addData(router, door, room, show);
  return router;
}

function addPages(router: Router, door: Door, room: Room): void {
  const profile = createProfile(room);
  const email = createEmail(room);
  const devices = createDevices(room);
  const clients = createClientList(room);
  const requests = createRequests(room);
  router
    .get('/account', door.to(createOverview(room)))
    .get('/account/activity', door.to(createActivity(room)))
    .get('/account/profile', door.to(profile.show))
    .post('/account/profile', door.to(profile.save))
    .get('/account/email', door.to(email.show, FRESH))
    .post('/account/email', door.to(email.ask, { ...FRESH, keeps: ['email'] }))
    .get('/account/email/code/:flow', door.to(email.showCode))
    .post('/account/email/code/:flow', door.to(email.confirm))
    .get('/account/devices', door.to(devices.show))
    .post('/account/devices/end', door.to(devices.endSession, { page: '/account/devices' }))
    .post('/account/devices/end-others', door.to(devices.endOthers, { page: '/account/devices' }))
    .post('/account/devices/forget', door.to(devices.forget, { page: '/account/devices' }))
    .get(REQUESTS, door.to(requests.show, FRESH))
    .post(REQUESTS, door.to(requests.answer, { ...FRESH, page: REQUESTS }))
    .get('/account/clients', door.to(clients.show))
    .post('/account/clients/remove', door.to(clients.remove, { page: '/account/clients' }));
}

function addSecurity(router: Router, door: Door, room: Room, show: ShowOutside): void {
  const password = createPassword(room, show);
  const passkeys = createPasskeys(room);
  const enrolment = createPasskeyEnrolment(room);
  const authenticator = createAuthenticator(room);
  const recoveryCodes = createRecoveryCodes(room);
  const adding = { ...FRESH, page: '/account/passkeys/add' };
  router
    .get('/account/security', door.to(createSecurity(room)))
    .get('/account/password', door.to(password.show, FRESH))
    .post('/account/password', door.to(password.set, FRESH))
    .post(
      '/account/password/remove',
      door.to(password.remove, { ...FRESH, page: '/account/password' }),
    )
    .get('/account/passkeys/add', door.to(enrolment.show, FRESH))
    .post('/account/passkeys/add/:flow', door.to(enrolment.add, adding))
    .post('/account/passkeys/add/:flow/challenge', door.to(enrolment.challenge, adding))
    .get('/account/passkeys/:id', door.to(passkeys.show))
    .post('/account/passkeys/:id', door.to(passkeys.rename))
    .get('/account/passkeys/:id/remove', door.to(passkeys.show, FRESH))
    .post('/account/passkeys/:id/remove', door.to(passkeys.remove, FRESH))
    .get('/account/authenticator', door.to(authenticator.show, FRESH))
    .get('/account/authenticator/remove', door.to(authenticator.showRemove, FRESH))
    .post('/account/authenticator/remove', door.to(authenticator.remove, FRESH))
    .post(
      '/account/authenticator/:flow',
      door.to(authenticator.confirm, { ...FRESH, page: '/account/authenticator' }),
    )
    .get('/account/recovery-codes', door.to(recoveryCodes.show))
    .post('/account/recovery-codes', door.to(recoveryCodes.renew, FRESH));
}

function addData(router: Router, door: Door, room: Room, show: ShowOutside): void {
  const data = createOwnData(room);
  const deletion = createDeletion(room, show);
  router
    .get('/account/data', door.to(data.show))
    .post('/account/data/download', door.to(data.download, { ...FRESH, page: '/account/data' }))
    .get('/account/delete', door.to(deletion.show, FRESH))
    .post('/account/delete', door.to(deletion.delete, FRESH));
}
