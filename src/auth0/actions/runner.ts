import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../runtime/json.ts';
import { ScriptFailed } from '../../scripts/failures.ts';
import type { PrintedLine } from '../../scripts/script-process.ts';
import { openScriptRunner } from '../../scripts/script-runner.ts';
import { outcome, type Outcome, type Trigger } from './messages.ts';

/** Runs the actions of a folder. */
export interface ActionRunner {
  /** Undefined: there is no action for `trigger`. @throws {ScriptFailed} whose `part` is the action. */
  run(trigger: Trigger, event: () => Promise<JsonObject>): Promise<Outcome | undefined>;
  close(): void;
}

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const PROGRAM = fileURLToPath(new URL(`sandbox/main${EXTENSION}`, import.meta.url));

/** Loads them. `isReloaded`: looks before each run whether a file has changed. @throws {BadScripts} */
export async function openActionRunner(options: {
  readonly folder: string;
  readonly timeoutMs: number;
  readonly isReloaded: boolean;
  readonly onLine: (line: PrintedLine) => void;
}): Promise<ActionRunner> {
  const scripts = await openScriptRunner({ ...options, program: PROGRAM, words: [] });
  return {
    async run(trigger, event) {
      const output = await scripts.run(trigger, event);
      if (output === undefined) return undefined;
      const { success, data, error } = outcome.safeParse(output);
      if (success) return data;
      throw new ScriptFailed(
        'failed',
        `what the actions came to is not understood: ${error.message}`,
      );
    },
    close: () => scripts.close(),
  };
}
