import { originOf } from '../http/page.ts';
import type { FactorOutcome } from '../factors/factors.ts';
import type { SecondFactor } from '../flows/requirement.ts';
import { accountCard, clientCard } from './cards.ts';
import type { Visit } from './interaction-routes.ts';
import type { SecondFactorPage } from './pages.ts';
import type { PasskeyStep } from './passkey-step.ts';
import { createSecondFactorCodes, type SecondFactorCodes } from './second-factor-codes.ts';
import type { Progress, SignIn } from './sign-in-progress.ts';
import {
  INCOMPLETE,
  personIn,
  throttled,
  WRONG,
  type FormVisit,
  type Refused,
  type SignInStep,
  type StepOptions,
} from './sign-in-step.ts';

/** Proves one thing more, of those that the account has. */
export function createSecondFactorStep(
  options: StepOptions & { readonly passkeys: PasskeyStep },
): SignInStep {
  const { factors, device, rememberDays, metrics, goOn, passkeys } = options;
  const emailCodes = createSecondFactorCodes(options);
  const showAgain: ShowAgain = (visit, signIn, how) =>
    showPage(visit, signIn, { ...options, ...how, emailCodes });

  async function byCode(
    visit: FormVisit,
    signIn: SignIn,
    method: Exclude<SecondFactor, 'passkey'>,
  ): Promise<void> {
    const code = (visit.form.get('code') ?? '').trim();
    if (code === '') {
      await showAgain(visit, signIn, INCOMPLETE);
      return;
    }
    const accountId = personIn(signIn).account.id;
    const outcome = await checkCode(visit, { accountId, code, method }, { factors, emailCodes });
    if (outcome.kind === 'proven') await proven(visit, signIn, { proof: { method, accountId } });
    else await refused(visit, signIn, outcome);
  }

  async function byPasskey(visit: FormVisit, signIn: SignIn): Promise<void> {
    const answer = await passkeys.answer(visit, signIn);
    if (answer.kind === 'proven') await proven(visit, signIn, { proof: answer.proof });
    else await refused(visit, signIn, answer);
  }

  async function proven(visit: FormVisit, signIn: SignIn, progress: Progress): Promise<void> {
    if (rememberDays > 0 && visit.form.get('remember-device') === 'yes') {
      const accountId = personIn(signIn).account.id;
      const remembered = await factors.devices.remember({ accountId, origin: originOf(visit.ctx) });
      if (remembered) device.write(visit.ctx, remembered.token, remembered.expiresAt);
    }
    await goOn(visit, signIn, progress);
  }

  async function refused(
    visit: Visit,
    signIn: SignIn,
    outcome: Exclude<FactorOutcome, { kind: 'proven' }>,
  ): Promise<void> {
    metrics.signIn(outcome.kind);
    const isThrottled = outcome.kind === 'throttled';
    const how = isThrottled ? throttled(visit, outcome.retryAfterSeconds) : WRONG;
    await showAgain(visit, signIn, how);
  }

  return {
    async show(visit, signIn) {
      const method = chosen(visit, choicesOf(signIn));
      await showAgain(visit, signIn, await emailCodes.begin(visit, signIn, method));
    },
    async take(visit, signIn) {
      const method = chosen(visit, choicesOf(signIn));
      const isAgain = method === 'email-code' && visit.form.get('action') === 'again';
      if (isAgain) await showAgain(visit, signIn, await emailCodes.send(visit, signIn));
      else if (method === 'passkey') await byPasskey(visit, signIn);
      else await byCode(visit, signIn, method);
    },
  };
}

async function checkCode(
  visit: FormVisit,
  {
    accountId,
    code,
    method,
  }: {
    readonly accountId: string;
    readonly code: string;
    readonly method: Exclude<SecondFactor, 'passkey'>;
  },
  {
    factors,
    emailCodes,
  }: Pick<StepOptions, 'factors'> & { readonly emailCodes: SecondFactorCodes },
): Promise<FactorOutcome> {
  if (method === 'email-code') return await emailCodes.check(visit, { accountId, code });
  const origin = originOf(visit.ctx);
  const attempt = { accountId, code, origin, clientId: visit.interaction.client.id };
  return method === 'totp'
    ? await factors.totp.check(attempt)
    : await factors.recoveryCodes.check(attempt);
}

type ShowAgain = (visit: Visit, signIn: SignIn, refused: Refused) => Promise<void>;

async function showPage(
  visit: Visit,
  signIn: SignIn,
  options: StepOptions & Refused & { readonly emailCodes: Pick<SecondFactorCodes, 'mediumOf'> },
): Promise<void> {
  const { ctx, interaction } = visit;
  const medium = await options.emailCodes.mediumOf(visit, signIn);
  const page = pageOf(visit, signIn, { ...options, medium });
  const manner = { status: options.status, uiLocales: interaction.uiLocales };
  await options.show(ctx, 'second-factor', page, { ...manner, image: page.client.logoUri });
}

function pageOf(
  visit: Visit,
  signIn: SignIn,
  {
    problem,
    rememberDays,
    medium,
  }: Refused & Pick<SecondFactorPage, 'medium'> & { readonly rememberDays: number },
): SecondFactorPage {
  const { ctx, interaction, csrf } = visit;
  const choices = choicesOf(signIn);
  const method = chosen(visit, choices);
  return {
    client: clientCard(interaction.client),
    account: accountCard(personIn(signIn).account),
    method,
    medium,
    others: choices
      .filter((one) => one !== method)
      .map((one) => ({ method: one, url: `${ctx.path}?with=${one}` })),
    passkeyUrl: `${ctx.path}/passkey`,
    rememberDays: interaction.isMultiFactorAsked ? 0 : rememberDays,
    problem,
    csrf,
  };
}

function choicesOf({ step }: SignIn): readonly [SecondFactor, ...SecondFactor[]] {
  if (step.kind !== 'second-factor') throw new TypeError('another step');
  const [first, ...others] = step.choices;
  if (first === undefined) throw new TypeError('a second factor without a choice');
  return [first, ...others];
}

/** What the form was for, or the link; never more than there is to choose from. */
function chosen(
  { ctx, form }: Visit,
  choices: readonly [SecondFactor, ...SecondFactor[]],
): SecondFactor {
  const wanted = form?.get('method') ?? ctx.query['with'];
  return choices.find((one) => one === wanted) ?? choices[0];
}
