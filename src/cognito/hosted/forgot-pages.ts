import type { Router } from '@koa/router';
import { readForm } from '../../http/form.ts';
import { originOf, seeOther } from '../../http/page.ts';
import { confirmForgotPassword, forgotPassword } from '../passwords.ts';
import type { Room } from '../room.ts';
import type { Form } from './client-proof.ts';
import { NO_PROBLEM, problemOf, rulesOf, type Problem, type ShowPoolPage } from './pool-pages.ts';
import { readVisit, type PoolVisit } from './visit.ts';

const LOGIN_MAX = 128;
const CODE_PATH = '/forgotPassword/code';

/** `/forgotPassword` and the page for the code, over the operations of the JSON API: what that refuses, these do. */
export function addForgotPages(router: Router, room: Room, show: ShowPoolPage): void {
  const [ask, confirm] = [forgotPassword(room), confirmForgotPassword(room)];

  async function takeLogin({ ctx, of, next }: PoolVisit, form: Form): Promise<void> {
    const login = (form.get('login') ?? '').trim().slice(0, LOGIN_MAX);
    const problem = await problemOf(() => ask.run(of(login), originOf(ctx)));
    if (problem === undefined) seeOther(ctx, next(CODE_PATH, login));
    else await showForgot({ ctx, login }, problem, show);
  }

  async function takePassword(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx, of, next, login } = visit;
    if (form.get('action') === 'again') {
      const refused = await problemOf(() => ask.run(of(login), originOf(ctx)));
      if (refused === undefined) seeOther(ctx, ctx.url);
      else await showPassword(visit, refused, show);
      return;
    }
    const given = {
      ...of(login),
      ConfirmationCode: (form.get('code') ?? '').trim() || ' ',
      Password: form.get('password') || ' ',
    };
    const problem = await problemOf(() => confirm.run(given, originOf(ctx)));
    if (problem === undefined) seeOther(ctx, next('/login', login));
    else await showPassword(visit, problem, show);
  }

  router
    .get('/forgotPassword', async (ctx) => {
      const visit = await readVisit(ctx, room.pools);
      if (visit !== undefined) await showForgot(visit, NO_PROBLEM, show);
    })
    .post('/forgotPassword', (ctx) => taking(ctx, takeLogin))
    .get(CODE_PATH, async (ctx) => {
      const visit = await readVisit(ctx, room.pools);
      if (visit !== undefined) await showPassword(visit, NO_PROBLEM, show);
    })
    .post(CODE_PATH, (ctx) => taking(ctx, takePassword));

  async function taking(
    ctx: PoolVisit['ctx'],
    take: (visit: PoolVisit, form: Form) => Promise<void>,
  ): Promise<void> {
    const visit = await readVisit(ctx, room.pools);
    const form = await readForm(ctx);
    if (visit === undefined) return;
    if (form.get('action') === 'cancel') seeOther(ctx, visit.signInUrl);
    else await take(visit, form);
  }
}

async function showForgot(
  { ctx, login }: Pick<PoolVisit, 'ctx' | 'login'>,
  problem: Problem,
  show: ShowPoolPage,
): Promise<void> {
  await show(ctx, 'pool/forgot', { login, isReset: ctx.query['reset'] === 'yes', problem });
}

async function showPassword(
  { ctx, pool, login }: PoolVisit,
  problem: Problem,
  show: ShowPoolPage,
): Promise<void> {
  const rules = rulesOf(pool.passwordPolicy);
  await show(ctx, 'pool/new-password', { login, rules, problem });
}
