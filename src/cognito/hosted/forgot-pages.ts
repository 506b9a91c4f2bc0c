import type { Router } from '@koa/router';
import { originOf, seeOther } from '../../http/page.ts';
import { confirmForgotPassword, forgotPassword } from '../passwords.ts';
import type { Form } from './client-proof.ts';
import { NO_PROBLEM, problemOf, rulesOf, type Problem, type ShowPoolPage } from './pool-pages.ts';
import { visiting, type HostedRoom, type PoolVisit } from './visit.ts';

const LOGIN_MAX = 128;

/**
 * `/forgotPassword` and the page for the code, over the operations of the JSON API: what that refuses, these do. Whoever
 * sets a password is signed in by it.
 */
export function addForgotPages(router: Router, room: HostedRoom, show: ShowPoolPage): void {
  const [ask, confirm] = [forgotPassword(room), confirmForgotPassword(room)];
  const { arrivals, users } = room;

  async function takeLogin(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx, of, next } = visit;
    const login = (form.get('login') ?? '').trim().slice(0, LOGIN_MAX);
    const problem = await problemOf(() => ask.run(of(login), originOf(ctx)));
    if (problem === undefined) seeOther(ctx, next('/forgotPassword/code', login));
    else await showForgot({ ...visit, login }, problem, show);
  }

  async function sendAgain(visit: PoolVisit): Promise<void> {
    const { ctx, of, login } = visit;
    const problem = await problemOf(() => ask.run(of(login), originOf(ctx)));
    if (problem === undefined) seeOther(ctx, ctx.url);
    else await showPassword(visit, problem, show);
  }

  async function takePassword(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx, of, login, pool, interaction, signInUrl } = visit;
    const given = {
      ...of(login),
      ConfirmationCode: (form.get('code') ?? '').trim() || ' ',
      Password: form.get('password') || ' ',
    };
    const problem = await problemOf(() => confirm.run(given, originOf(ctx)));
    if (problem !== undefined) {
      await showPassword(visit, problem, show);
      return;
    }
    const user = await users.find(pool, login);
    if (user !== undefined)
      await arrivals.arrive(interaction.uid, { method: 'password', accountId: user.account.id });
    seeOther(ctx, signInUrl);
  }

  const forgotPage = visiting(room, {
    show: (visit) => showForgot(visit, NO_PROBLEM, show),
    take: takeLogin,
  });
  const passwordPage = visiting(room, {
    show: (visit) => showPassword(visit, NO_PROBLEM, show),
    take: (visit, form) =>
      form.get('action') === 'again' ? sendAgain(visit) : takePassword(visit, form),
  });
  router
    .get('/interaction/:uid/forgotPassword', forgotPage)
    .post('/interaction/:uid/forgotPassword', forgotPage)
    .get('/interaction/:uid/forgotPassword/code', passwordPage)
    .post('/interaction/:uid/forgotPassword/code', passwordPage);
}

async function showForgot(visit: PoolVisit, problem: Problem, show: ShowPoolPage): Promise<void> {
  const { ctx, login, csrf } = visit;
  const isReset = ctx.query['reset'] === 'yes';
  await show(visit, 'pool/forgot', { login, isReset, problem, csrf });
}

async function showPassword(visit: PoolVisit, problem: Problem, show: ShowPoolPage): Promise<void> {
  const { pool, login, csrf } = visit;
  const rules = rulesOf(pool.passwordPolicy);
  await show(visit, 'pool/new-password', { login, rules, problem, csrf });
}
