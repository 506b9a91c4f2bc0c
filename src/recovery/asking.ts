import type { Context } from 'koa';
import { QUOTA_SECONDS } from '../accounts/quotas.ts';
import { recoveryUrl } from '../accounts/recovery-link.ts';
import { readForm } from '../http/form.ts';
import { languagesOf, originOf, seeOther } from '../http/page.ts';
import { waiting } from '../http/waiting.ts';
import { randomFraction } from '../runtime/random.ts';
import type { Problem } from './pages.ts';
import { isRecoverable } from './recoveries.ts';
import { INCOMPLETE, NO_PROBLEM, statusOf, type Room } from './room.ts';

const LOGIN_MAX = 256;
const MINUTES = 15;
const PAUSE_MAX_SECONDS = 0.3;
const PAUSE_LIMIT_MS = 10_000;

/** Asks for the letter. The answer is the same for everybody, and comes as fast. */
export function createAsking(room: Room): (ctx: Context) => Promise<void> {
  const { settings, quotas, tokens, browserKeys, show, logger } = room;

  /** Counted before anybody is looked for. */
  async function isWithinQuotas(ctx: Context): Promise<boolean> {
    const { address } = originOf(ctx);
    const { perAddress: max, overall } = settings;
    return await quotas.take({ address, max, overall });
  }

  async function showAgain(ctx: Context, login: string, problem: Problem): Promise<void> {
    const csrf = tokens.issue(tokenName(browserKeys.ensure(ctx)));
    await show(ctx, 'recover/ask', { login, problem, csrf }, statusOf(problem));
  }

  return async (ctx) => {
    if (ctx.method !== 'POST') {
      await showAgain(ctx, '', NO_PROBLEM);
      return;
    }
    const form = await readForm(ctx);
    tokens.check(tokenName(browserKeys.ensure(ctx)), form.get('csrf'));
    const login = (form.get('login') ?? '').trim().slice(0, LOGIN_MAX);
    if (form.get('action') === 'cancel') await show(ctx, 'recover/stopped', {});
    else if (login === '') await showAgain(ctx, login, INCOMPLETE);
    else if (!(await isWithinQuotas(ctx))) await showAgain(ctx, login, waiting(ctx, QUOTA_SECONDS));
    else {
      // Not waited for: how long it takes would tell that there is somebody.
      sendLetter(ctx, login, room).catch((error: Error) => {
        logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
      });
      seeOther(ctx, '/recover/sent');
    }
  };
}

/** To the verified address of whoever `login` is, and to nobody else. */
async function sendLetter(ctx: Context, login: string, room: Room): Promise<void> {
  const { accounts, tickets, mail, quotas, settings, audit, clock, issuer } = room;
  const origin = originOf(ctx);
  const languages = languagesOf(ctx);
  // Else the work for somebody who is there would slow down whatever this browser asks for next.
  await clock.sleep(PAUSE_MAX_SECONDS * randomFraction(), AbortSignal.timeout(PAUSE_LIMIT_MS));
  const account = await accounts.findByLogin(login);
  if (account?.email === undefined || !account.emailVerified || !isRecoverable(account)) return;
  const { id: accountId, email: to } = account;
  // Beyond it nothing is sent, so that the last letter stays good: nobody can keep somebody out by asking.
  const ration = { mailbox: accountId, address: origin.address, max: settings.perMailbox };
  if (!(await quotas.takeLetter(ration))) return;
  const { token } = await tickets.issue({
    kind: 'recovery',
    about: accountId,
    payload: { email: to },
  });
  await audit.record({ type: 'account.recovery_link_made', accountId, by: 'self', origin });
  const data = { url: recoveryUrl(issuer, token), minutes: MINUTES };
  await mail.send({ to, name: 'recovery', data, languages });
}

/** Of no flow yet. */
function tokenName(browser: string): string {
  return `recover:${browser}`;
}
