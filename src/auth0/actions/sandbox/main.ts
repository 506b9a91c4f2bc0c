// Runs actions in a process of its own that may read their folder, this one, and nothing else (docs/decisions/0037).
import { AsyncLocalStorage } from 'node:async_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import type { Order, Report } from '../messages.ts';
import { createApi, createResult, type Result } from './api.ts';
import { listActions, loadAction, type Action } from './load.ts';

/** The action whose turn it is, for what it prints. */
const turn = new AsyncLocalStorage<string>();
const LEVELS = [
  ['log', 'info'],
  ['info', 'info'],
  ['debug', 'debug'],
  ['warn', 'warn'],
  ['error', 'error'],
] as const;

// An import elsewhere does nothing.
if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2] ?? '');

async function main(folder: string): Promise<void> {
  process.once('disconnect', () => process.exit());
  // A promise that an action forgot ends no run but its own.
  process.on('unhandledRejection', (error) => print('error', [error]));
  for (const [name, level] of LEVELS)
    Object.assign(console, { [name]: (...words: readonly unknown[]) => print(level, words) });
  const actions = await loadAll(folder);
  if (actions === undefined) return;
  process.on('message', (order: Order) => void turn.run('', () => carryOut(order, actions)));
  tell({ kind: 'ready', triggers: triggersOf(actions) });
}

/** Undefined: one of them cannot be loaded. */
async function loadAll(folder: string): Promise<readonly Action[] | undefined> {
  const actions: Action[] = [];
  for (const file of listActions(folder)) {
    try {
      actions.push(await turn.run(file, () => loadAction(folder, file)));
    } catch (error) {
      tell({ kind: 'unloadable', file, problem: format(error) });
      return undefined;
    }
  }
  return actions;
}

async function carryOut({ run, trigger, event }: Order, actions: readonly Action[]): Promise<void> {
  const result = createResult();
  try {
    for (const { name, handler } of actions) {
      const act = handler(trigger);
      if (act === undefined || result.denied !== undefined) continue;
      tell({ kind: 'turn', run, action: name });
      await turn.run(name, () => act(seen(event, result), createApi(trigger, name, result)));
    }
    // As JSON, which is all that a token can hold.
    tell({ kind: 'done', run, outcome: JSON.parse(JSON.stringify(result)) });
  } catch (error) {
    tell({ kind: 'failed', run, problem: format(error) });
  }
}

/** The event as the next action finds it: its own copy, with the metadata that those before it have set. */
function seen(event: object, { userMetadata, appMetadata }: Result): object {
  const { user, ...rest }: Record<string, unknown> = structuredClone({ ...event });
  if (user === undefined) return rest;
  const person: Record<string, unknown> = Object(user);
  return {
    ...rest,
    user: {
      ...person,
      user_metadata: { ...Object(person['user_metadata']), ...userMetadata },
      app_metadata: { ...Object(person['app_metadata']), ...appMetadata },
    },
  };
}

function triggersOf(actions: readonly Action[]): Order['trigger'][] {
  const triggers = ['onExecutePostLogin', 'onExecuteCredentialsExchange'] as const;
  return triggers.filter((name) => actions.some(({ handler }) => handler(name) !== undefined));
}

function print(level: (typeof LEVELS)[number][1], words: readonly unknown[]): void {
  tell({ kind: 'log', action: turn.getStore() ?? '', level, text: format(...words) });
}

function tell(report: Report): void {
  process.send?.(report);
}
