import type { Router } from '@koa/router';
import { originOf, seeOther } from '../../http/page.ts';
import type { Json, JsonObject } from '../../runtime/json.ts';
import { namingMedia } from '../pool.ts';
import { confirmSignUp, resendConfirmationCode, signUp } from '../sign-up.ts';
import type { Form } from './client-proof.ts';
import { NO_PROBLEM, problemOf, rulesOf, type Problem, type ShowPoolPage } from './pool-pages.ts';
import { visiting, type HostedRoom, type PoolVisit } from './visit.ts';

const LOGIN_MAX = 128;
/** As `masked` shows an address: nothing else is shown from a link. */
const MASKED = /^(?:.?\*{3}@.?\*{3}|\+\*{3,11}\d{4})$/u;

/**
 * `/signup` and the page for the code, over the operations of the JSON API: what that refuses, these do. Whoever signs up
 * and types the code in the same request is signed in by that.
 */
export function addSignUpPages(router: Router, room: HostedRoom, show: ShowPoolPage): void {
  const [start, confirm, again] = [signUp(room), confirmSignUp(room), resendConfirmationCode(room)];
  const { arrivals, users } = room;

  async function takeSignUp(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx } = visit;
    const login = loginIn(form, visit);
    const given = { ...visit.of(login), ...attributesIn(form, visit) };
    let made: JsonObject = {};
    const problem = await problemOf(async () => {
      made = await start.run({ ...given, Password: form.get('password') ?? '' }, originOf(ctx));
    });
    if (problem === undefined) seeOther(ctx, await leadOn(visit, login, made));
    else await showSignUp(visit, form, problem, show);
  }

  /** To the page for the code, where one was sent. */
  async function leadOn(visit: PoolVisit, login: string, made: JsonObject): Promise<string> {
    const { interaction, next, signInUrl } = visit;
    const shown = { method: 'password', accountId: textOf(made['UserSub']) } as const;
    if (made['UserConfirmed'] === true) await arrivals.arrive(interaction.uid, shown);
    else await arrivals.remember(interaction.uid, shown);
    const to = sentTo(made);
    return to === undefined ? signInUrl : next('/signup/code', login, { to });
  }

  async function takeCode(visit: PoolVisit, form: Form): Promise<void> {
    const { ctx, login, of, pool, interaction, signInUrl } = visit;
    const given = { ...of(login), ConfirmationCode: form.get('code') || ' ' };
    const problem = await problemOf(() => confirm.run(given, originOf(ctx)));
    if (problem !== undefined) {
      await showCode(visit, problem, show);
      return;
    }
    const user = await users.find(pool, login);
    if (user !== undefined) await arrivals.confirmed(interaction.uid, user.account.id);
    seeOther(ctx, signInUrl);
  }

  async function sendAgain(visit: PoolVisit): Promise<void> {
    const { ctx, login, of } = visit;
    const problem = await problemOf(() => again.run(of(login), originOf(ctx)));
    if (problem === undefined) seeOther(ctx, ctx.url);
    else await showCode(visit, problem, show);
  }

  const signUpPage = visiting(room, {
    show: (visit) => whereOpen(visit, () => showSignUp(visit, new Map(), NO_PROBLEM, show)),
    take: (visit, form) => whereOpen(visit, () => takeSignUp(visit, form)),
  });
  const codePage = visiting(room, {
    show: (visit) => showCode(visit, NO_PROBLEM, show),
    async take(visit, form) {
      const action = form.get('action');
      if (action === 'other') seeOther(visit.ctx, visit.next('/signup', ''));
      else if (action === 'again') await sendAgain(visit);
      else await takeCode(visit, form);
    },
  });
  router
    .get('/interaction/:uid/signup', signUpPage)
    .post('/interaction/:uid/signup', signUpPage)
    .get('/interaction/:uid/signup/code', codePage)
    .post('/interaction/:uid/signup/code', codePage);
}

/** Where nobody signs up by themselves people are led to the sign-in. */
async function whereOpen(
  { ctx, pool, signInUrl }: PoolVisit,
  work: () => Promise<void>,
): Promise<void> {
  if (pool.selfSignUp) await work();
  else seeOther(ctx, signInUrl);
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Where the code went, masked; undefined: none was sent. */
function sentTo({ CodeDeliveryDetails: details }: JsonObject): string | undefined {
  const isTold = typeof details === 'object' && details !== null && 'Destination' in details;
  return isTold && typeof details['Destination'] === 'string' ? details['Destination'] : undefined;
}

function loginIn(form: Form, { pool }: PoolVisit): string {
  const typed = form.get(isByEmail(pool) ? 'email' : 'login') ?? '';
  return typed.trim().slice(0, LOGIN_MAX);
}

function attributesIn(form: Form, { pool }: PoolVisit): object {
  const named = askedOf(pool).map((Name) => ({ Name, Value: form.get(`attribute.${Name}`) ?? '' }));
  const email = { Name: 'email', Value: (form.get('email') ?? '').trim() };
  return { UserAttributes: [email, ...named] };
}

/** Whether the page asks for an address in place of a name; where a number is one as well, that is for the API. */
function isByEmail(pool: PoolVisit['pool']): boolean {
  return namingMedia(pool).includes('email');
}

function isByPhone({ signInBy }: PoolVisit['pool']): boolean {
  return signInBy === 'phone';
}

/** Beside the address and the name, for which there are fields anyway. */
function askedOf(pool: PoolVisit['pool']): readonly string[] {
  const known = new Set(['email', ...(isByPhone(pool) ? ['phone_number'] : [])]);
  return pool.standardAttributes
    .filter(({ name, required }) => required && !known.has(name))
    .map(({ name }) => name);
}

async function showSignUp(
  visit: PoolVisit,
  form: Form,
  problem: Problem,
  show: ShowPoolPage,
): Promise<void> {
  const { pool, client, signInUrl, csrf } = visit;
  await show(visit, 'pool/sign-up', {
    client: client.name,
    byEmail: isByEmail(pool),
    byPhone: isByPhone(pool),
    login: form.get('login') ?? '',
    email: form.get('email') ?? '',
    attributes: askedOf(pool).map((name) => ({ name, value: form.get(`attribute.${name}`) ?? '' })),
    rules: rulesOf(pool.passwordPolicy),
    problem,
    signInUrl,
    csrf,
  });
}

async function showCode(visit: PoolVisit, problem: Problem, show: ShowPoolPage): Promise<void> {
  const { ctx, pool, login, signInUrl, csrf } = visit;
  const { to } = ctx.query;
  const shown = typeof to === 'string' && MASKED.test(to) ? to : login;
  await show(visit, 'pool/code', { to: shown, isOpen: pool.selfSignUp, problem, signInUrl, csrf });
}
