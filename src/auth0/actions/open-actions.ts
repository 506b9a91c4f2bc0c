import type { House } from '../../capability.ts';
import { readSecret } from '../../config/secrets.ts';
import type { SecretReference } from '../../config/values.ts';
import {
  AdvisedAgainst,
  type Advice,
  type Adviser,
  type AdviceSought,
} from '../../provider/advice.ts';
import { ScriptFailed } from '../../scripts/failures.ts';
import { InvalidMetadata } from '../user-metadata.ts';
import { adviceOf } from './advice-of.ts';
import { eventFor, type EventRoom } from './event.ts';
import type { Outcome } from './messages.ts';
import { openActionRunner } from './runner.ts';

/** The actions of a tenant. */
export interface Actions {
  readonly advise: Adviser;
  close(): void;
}

interface ActionsRoom
  extends Omit<EventRoom, 'secrets'>, Pick<House, 'audit' | 'isDev' | 'logger'> {}

type Refusal = { readonly action: string; readonly how: ScriptFailed['how'] | 'denied' };

/** Who is refused is not told what went wrong inside. */
const FAILED = 'the request could not be completed';
const SECOND_MS = 1000;
/** Of one line of an action in the log. */
const TEXT_MAX = 4000;
const NOTHING: Advice = { idToken: {}, accessToken: {}, addedScopes: [], removedScopes: [] };

/** Loads them; undefined: the tenant has none. @throws {BadScripts} {SecretUnavailable} */
export async function openActions(room: ActionsRoom): Promise<Actions | undefined> {
  const { tenant, logger, audit } = room;
  const { actions } = tenant;
  if (actions === undefined) return undefined;
  const secrets = await readAll(actions.secrets);
  const eventRoom = { ...room, secrets };
  const runner = await openActionRunner({
    folder: actions.folder,
    timeoutMs: actions.timeout * SECOND_MS,
    isReloaded: room.isDev,
    onLine: ({ name: action, level, text }) =>
      logger[level]({ event: 'action.printed', action }, withoutSecrets(text, secrets)),
  });

  async function record(
    { clientId, person, origin }: AdviceSought,
    refusal: Refusal,
  ): Promise<void> {
    const accountId = person?.accountId;
    await audit.record({ type: 'action.refused', origin, accountId, clientId, ...refusal });
  }

  async function run(sought: AdviceSought): Promise<Advice> {
    const trigger = sought.person ? 'onExecutePostLogin' : 'onExecuteCredentialsExchange';
    const outcome = await runner.run(trigger, () => eventFor(sought, eventRoom));
    if (outcome === undefined) return NOTHING;
    const { denied } = outcome;
    const { advice, dropped } = adviceOf(outcome);
    await keepMetadata(outcome, sought, room);
    if (denied !== undefined) {
      await record(sought, { action: denied.action, how: 'denied' });
      throw new AdvisedAgainst(denied.reason, errorOf(denied.error));
    }
    if (dropped.length > 0)
      logger.warn(
        { event: 'action.dropped', names: [...dropped] },
        'an action set what is not its to set',
      );
    return advice;
  }

  return {
    close: () => runner.close(),
    async advise(sought) {
      try {
        return await run(sought);
      } catch (error) {
        if (!(error instanceof ScriptFailed)) throw error;
        const { part: action, how } = error;
        const problem = withoutSecrets(error.detail, secrets);
        logger.error({ event: 'action.failed', action, how, problem }, 'an action failed');
        await record(sought, { action, how });
        throw new AdvisedAgainst(FAILED);
      }
    },
  };
}

/** @throws {ScriptFailed} when it cannot be kept. */
async function keepMetadata(
  { userMetadata: user, appMetadata: app }: Outcome,
  { person, origin }: AdviceSought,
  { metadata }: ActionsRoom,
): Promise<void> {
  if (person === undefined || Object.keys({ ...user, ...app }).length === 0) return;
  try {
    await metadata.merge(person.accountId, { user, app }, { by: 'actions', origin });
  } catch (error) {
    if (!(error instanceof InvalidMetadata)) throw error;
    throw new ScriptFailed('failed', error.message);
  }
}

/** Of those that Auth0 has for machines. */
function errorOf(error: string): string {
  return ['invalid_scope', 'invalid_request', 'server_error'].includes(error)
    ? error
    : 'access_denied';
}

async function readAll(
  secrets: Readonly<Record<string, SecretReference>>,
): Promise<Readonly<Record<string, string>>> {
  const all = Object.entries(secrets).map(
    async ([name, reference]) => [name, await readSecret(reference)] as const,
  );
  return Object.fromEntries(await Promise.all(all));
}

/** What an action prints may be anything that it was given. */
function withoutSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  return Object.values(secrets)
    .reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
    .slice(0, TEXT_MAX);
}
