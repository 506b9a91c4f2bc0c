// Runs actions in a process of its own (src/scripts, docs/decisions/0037).
import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { loadScript } from '../../../scripts/sandbox/load.ts';
import { serve, type Script, type Within } from '../../../scripts/sandbox/serve.ts';
import type { Trigger } from '../messages.ts';
import { createApi, createResult, type Result } from './api.ts';

/** A file of the folder, and what it exports. */
interface Action {
  readonly name: string;
  readonly exported: ReadonlyMap<string, unknown>;
}

const FILE = /\.[cm]?js$/;
const TRIGGERS: readonly Trigger[] = ['onExecutePostLogin', 'onExecuteCredentialsExchange'];

// An import elsewhere does nothing.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? '';
  await serve(async (within) => scriptsOf(await loadAll(folder, within)));
}

/** In the order in which they run: that of their names. */
async function loadAll(folder: string, within: Within): Promise<readonly Action[]> {
  const actions: Action[] = [];
  const files = readdirSync(folder).filter((file) => FILE.test(file));
  for (const file of files.toSorted()) {
    const exported = await within(file, () => load(folder, file));
    actions.push({ name: parse(file).name, exported });
  }
  return actions;
}

async function load(folder: string, file: string): Promise<ReadonlyMap<string, unknown>> {
  try {
    return await loadScript(join(folder, file));
  } catch (error) {
    throw new Error(`${file} cannot be loaded: ${format(error)}`, { cause: error });
  }
}

function scriptsOf(actions: readonly Action[]): ReadonlyMap<string, Script> {
  const scripts = TRIGGERS.map((trigger) => {
    const handlers = actions.flatMap(({ name, exported }) => {
      const handler = exported.get(trigger);
      return typeof handler === 'function' ? [{ name, handler }] : [];
    });
    const script: Script = async (event, within) => {
      const result = createResult();
      for (const { name, handler } of handlers) {
        if (result.denied !== undefined) break;
        const api = createApi(trigger, name, result);
        await within(name, () => handler(seen(event, result), api));
      }
      return result;
    };
    return { trigger, script, isThere: handlers.length > 0 };
  });
  return new Map(
    scripts.filter(({ isThere }) => isThere).map(({ trigger, script }) => [trigger, script]),
  );
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
