import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Json, JsonObject } from '../../runtime/json.ts';
import type { Logger } from '../../runtime/logger.ts';
import { ScriptFailed } from '../../scripts/failures.ts';
import { openScriptRunner, type ScriptRunner } from '../../scripts/script-runner.ts';
import type { CognitoConfig, DeclaredPool } from '../config.ts';
import { CognitoException } from '../exception.ts';
import type { Pool } from '../pool.ts';
import type { TriggersConfig } from './config.ts';
import { TRIGGERS, type TokenVersion, type TriggerName } from './names.ts';

/** One call of a trigger, as the event has it. */
export interface TriggerCall {
  readonly trigger: TriggerName;
  /** `triggerSource`. */
  readonly source: string;
  readonly pool: Pick<Pool, 'id'>;
  /** Undefined: no client is in it. */
  readonly clientId: string | undefined;
  readonly userName: string;
  readonly request: JsonObject;
  /** What it finds there. */
  readonly response: JsonObject;
  /** Of the event; left out: 1. */
  readonly version?: string;
}

/** Calls code of the operator's where Cognito calls Lambda functions. */
export interface Triggers {
  /** @throws {CognitoException} when the pool has triggers that cannot be loaded. */
  has(pool: Pick<Pool, 'id'>, trigger: TriggerName): Promise<boolean>;
  /**
   * What the trigger has put into `response`. Undefined: the pool has no such trigger.
   *
   * @throws {CognitoException} when it refuses, fails, takes too long or answers nothing that can be understood.
   */
  call(call: TriggerCall): Promise<JsonObject | undefined>;
  /** What `PreTokenGeneration` of the pool is given. Undefined: the pool has no triggers. */
  tokenVersion(pool: Pick<Pool, 'id'>): TokenVersion | undefined;
  close(): void;
}

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const PROGRAM = fileURLToPath(new URL(`sandbox/main${EXTENSION}`, import.meta.url));
const SECOND_MS = 1000;
/** Of one line of a trigger in the log. */
const TEXT_MAX = 4000;
/** What AWS names itself by in events. */
const SDK_VERSION = 'aws-sdk-unknown-unknown';
const NO_CLIENT = 'CLIENT_ID_NOT_APPLICABLE';

const answer = z.looseObject({ response: z.record(z.string(), z.json()) });

/** Loads those of all declared pools. @throws {BadScripts} */
export async function openTriggers(
  { pools }: Pick<CognitoConfig, 'pools'>,
  house: { readonly logger: Logger; readonly isDev: boolean },
): Promise<Triggers> {
  const opened = new Map<string, Opened>();
  for (const { id, triggers } of pools)
    if (triggers !== undefined)
      opened.set(id, { runner: await openRunner({ id, triggers }, house), triggers });

  return {
    async has({ id: pool }, trigger) {
      const { runner } = opened.get(pool) ?? {};
      if (runner === undefined) return false;
      return await told({ pool, trigger }, () => runner.has(trigger), house);
    },
    async call(call) {
      const { runner } = opened.get(call.pool.id) ?? {};
      return runner && (await responseOf(call, runner, house));
    },
    tokenVersion: ({ id }) => opened.get(id)?.triggers.tokenVersion,
    close() {
      for (const { runner } of opened.values()) runner.close();
    },
  };
}

interface Opened {
  readonly runner: ScriptRunner;
  readonly triggers: TriggersConfig;
}

async function openRunner(
  { id: pool, triggers }: Pick<DeclaredPool, 'id'> & { readonly triggers: TriggersConfig },
  { logger, isDev }: { readonly logger: Logger; readonly isDev: boolean },
): Promise<ScriptRunner> {
  const { folder, files, timeout } = triggers;
  const timeoutMs = timeout * SECOND_MS;
  const wanted = TRIGGERS.map((name) => [name, files[name] ?? null]);
  return await openScriptRunner({
    program: PROGRAM,
    folder,
    words: [JSON.stringify(wanted), String(timeoutMs)],
    timeoutMs,
    isReloaded: isDev,
    onLine: ({ name: trigger, level, text }) =>
      logger[level]({ event: 'trigger.printed', pool, trigger }, text.slice(0, TEXT_MAX)),
  });
}

async function responseOf(
  call: TriggerCall,
  runner: ScriptRunner,
  house: { readonly logger: Logger },
): Promise<JsonObject | undefined> {
  const { trigger, pool } = call;
  const run = (): Promise<Json | undefined> => runner.run(trigger, async () => eventOf(call));
  const output = await told({ pool: pool.id, trigger }, run, house);
  return output === undefined ? undefined : readOutput(output);
}

/** What goes wrong in `work` is told to operators in full, and to applications as Cognito does. */
async function told<Result>(
  { pool, trigger }: { readonly pool: string; readonly trigger: TriggerName },
  work: () => Promise<Result>,
  { logger }: { readonly logger: Logger },
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ScriptFailed)) throw error;
    const { how, detail: problem } = error;
    logger.error({ event: 'trigger.failed', pool, trigger, how, problem }, 'a trigger failed');
    throw refusalOf(trigger, error);
  }
}

function eventOf(call: TriggerCall): JsonObject {
  const { version = '1', pool, userName, clientId, source, request, response } = call;
  return {
    version,
    region: pool.id.slice(0, pool.id.indexOf('_')),
    userPoolId: pool.id,
    userName,
    callerContext: { awsSdkVersion: SDK_VERSION, clientId: clientId ?? NO_CLIENT },
    triggerSource: source,
    request,
    response,
  };
}

function readOutput(output: Json): JsonObject {
  const { success, data } = answer.safeParse(output);
  if (success) return data.response;
  throw new CognitoException('InvalidLambdaResponseException', 'Unrecognizable lambda output');
}

/** What a script throws is for whoever signs in; what else went wrong is not. */
function refusalOf(trigger: TriggerName, { how, message }: ScriptFailed): CognitoException {
  if (how === 'failed')
    return new CognitoException(
      'UserLambdaValidationException',
      `${trigger} failed with error ${message}.`,
    );
  const problem = how === 'timeout' ? 'Socket timeout while invoking Lambda function' : 'Unhandled';
  return new CognitoException(
    'UnexpectedLambdaException',
    `${trigger} invocation failed due to error ${problem}.`,
  );
}

/**
 * What a trigger has put into its response, by `schema`.
 *
 * @throws {CognitoException}
 */
export function readResponse<Response>(
  response: JsonObject,
  schema: z.ZodType<Response>,
): Response {
  const { success, data, error } = schema.safeParse(response);
  if (success) return data;
  const [issue] = error.issues;
  throw new CognitoException(
    'InvalidLambdaResponseException',
    `Invalid lambda function output : ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}
