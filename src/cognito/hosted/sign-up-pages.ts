import type { Router } from '@koa/router';
import { readForm } from '../../http/form.ts';
import { originOf, seeOther } from '../../http/page.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { confirmSignUp, resendConfirmationCode, signUp } from '../sign-up.ts';
import type { Room } from '../room.ts';
import type { Form } from './client-proof.ts';
import { NO_PROBLEM, problemOf, rulesOf, type Problem, type ShowPoolPage } from './pool-pages.ts';
import { readVisit, type PoolVisit } from './visit.ts';

const LOGIN_MAX = 128;
/** Where a code is typed that confirms somebody. */
export const CODE_PATH = '/signup/code';
/** As `masked` shows an address: nothing else is shown from a link. */
const MASKED = /^.?\*{3}@.?\*{3}$/u;

/** `/signup` and the page for the code, over the operations of the JSON API: what that refuses, these do. */
export function addSignUpPages(router: Router, room: Room, show: ShowPoolPage): void {
  const [start, confirm, again] = [signUp(room), confirmSignUp(room), resendConfirmationCode(room)];

  async function takeSignUp(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx, next } = visit;
    const login = loginIn(form, visit);
    const given = { ...visit.of(login), ...attributesIn(form, visit) };
    let sent: string | undefined;
    const problem = await problemOf(async () => {
      const password = form.get('password') ?? '';
      sent = sentTo(await start.run({ ...given, Password: password }, originOf(ctx)));
    });
    if (problem !== undefined) await showSignUp(visit, form, problem, show);
    else if (sent === undefined) seeOther(ctx, next('/login', login));
    else seeOther(ctx, next(CODE_PATH, login, { to: sent }));
  }

  async function takeCode(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx, login, next, of } = visit;
    const isAgain = form.get('action') === 'again';
    const problem = await problemOf(() =>
      isAgain
        ? again.run(of(login), originOf(ctx))
        : confirm.run({ ...of(login), ConfirmationCode: form.get('code') || ' ' }, originOf(ctx)),
    );
    if (problem !== undefined) await showCode(visit, problem, show);
    else if (isAgain) seeOther(ctx, ctx.url);
    else seeOther(ctx, next('/login', login));
  }

  router
    .get('/signup', async (ctx) => {
      const visit = await openVisit(ctx, room);
      if (visit !== undefined) await showSignUp(visit, new Map(), NO_PROBLEM, show);
    })
    .post('/signup', async (ctx) => {
      const visit = await openVisit(ctx, room);
      const form = await readForm(ctx);
      if (visit === undefined) return;
      if (form.get('action') === 'cancel') seeOther(ctx, visit.signInUrl);
      else await takeSignUp(visit, form);
    })
    .get(CODE_PATH, async (ctx) => {
      const visit = await readVisit(ctx, room.pools);
      if (visit !== undefined) await showCode(visit, NO_PROBLEM, show);
    })
    .post(CODE_PATH, async (ctx) => {
      const visit = await readVisit(ctx, room.pools);
      const form = await readForm(ctx);
      if (visit === undefined) return;
      const action = form.get('action');
      if (action === 'cancel') seeOther(ctx, visit.signInUrl);
      else if (action === 'other') seeOther(ctx, visit.next('/signup', ''));
      else await takeCode(visit, form);
    });
}

/** Undefined: nobody signs up by themselves there. */
async function openVisit(ctx: PoolVisit['ctx'], { pools }: Room): Promise<PoolVisit | undefined> {
  const visit = await readVisit(ctx, pools);
  return visit?.pool.selfSignUp === true ? visit : undefined;
}

/** Where the code went, masked; undefined: none was sent. */
function sentTo({ CodeDeliveryDetails: details }: JsonObject): string | undefined {
  const isTold = typeof details === 'object' && details !== null && 'Destination' in details;
  return isTold && typeof details['Destination'] === 'string' ? details['Destination'] : undefined;
}

function loginIn(form: Form, { pool }: PoolVisit): string {
  const typed = form.get(pool.signInBy === 'email' ? 'email' : 'login') ?? '';
  return typed.trim().slice(0, LOGIN_MAX);
}

function attributesIn(form: Form, { pool }: PoolVisit): object {
  const named = askedOf(pool).map((Name) => ({ Name, Value: form.get(`attribute.${Name}`) ?? '' }));
  const email = { Name: 'email', Value: (form.get('email') ?? '').trim() };
  return { UserAttributes: [email, ...named] };
}

/** Beside the address, for which there is a field anyway. */
function askedOf({ standardAttributes }: PoolVisit['pool']): readonly string[] {
  return standardAttributes
    .filter(({ name, required }) => required && name !== 'email')
    .map(({ name }) => name);
}

async function showSignUp(
  { ctx, pool, client, signInUrl }: PoolVisit,
  form: Form,
  problem: Problem,
  show: ShowPoolPage,
): Promise<void> {
  await show(ctx, 'pool/sign-up', {
    client: client.name,
    byEmail: pool.signInBy === 'email',
    login: form.get('login') ?? '',
    email: form.get('email') ?? '',
    attributes: askedOf(pool).map((name) => ({ name, value: form.get(`attribute.${name}`) ?? '' })),
    rules: rulesOf(pool.passwordPolicy),
    problem,
    signInUrl,
  });
}

async function showCode(
  { ctx, pool, login, signInUrl }: PoolVisit,
  problem: Problem,
  show: ShowPoolPage,
): Promise<void> {
  const { to } = ctx.query;
  const shown = typeof to === 'string' && MASKED.test(to) ? to : login;
  await show(ctx, 'pool/code', { to: shown, isOpen: pool.selfSignUp, problem, signInUrl });
}
