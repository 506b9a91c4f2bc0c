import type { Command } from 'commander';
import type { z } from 'zod';
import { effectiveConfig } from '../config/effective-config.ts';
import { findingText } from '../config/insecure.ts';
import type { Safety } from '../config/safety.ts';
import { toYaml } from '../config/to-yaml.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { json, type Output } from './output.ts';

interface Flags {
  readonly json?: true;
}

/** A node would refuse to start. Printed in full before this is thrown, so that the command fails. */
class CheckFailed extends LatchkeyError {
  readonly code = 'ERR_CHECK_FAILED';
}

/** The settings in force and what is insecure about them. */
export interface Checked {
  readonly settings: unknown;
  readonly safety: Safety;
}

/** Adds `check`: shows the settings in force and whatever would be insecure. */
export function registerCheckCommand(
  program: Command,
  options: { readonly schema: z.ZodType; readonly output: Output; check(): Promise<Checked> },
): void {
  const { schema, output } = options;
  program
    .command('check')
    .description(
      'Checks the configuration, shows it with secrets masked, and says what is insecure.',
    )
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const { settings, safety } = await options.check();
      const shown = effectiveConfig(settings, schema);
      if (flags.json) output.print(json({ settings: shown, ...safety }));
      else output.print(`${toYaml(shown)}\n${verdict(safety)}`);
      const count = safety.refusals.length;
      if (count > 0) throw new CheckFailed(`a node would refuse to start: ${count} refused above`);
    });
}

function verdict({ refusals, warnings }: Safety): string {
  const lines = [
    ...refusals.map((finding) => `# REFUSED  ${findingText(finding)}`),
    ...warnings.map((finding) => `# WARNING  ${findingText(finding)}`),
  ];
  if (lines.length === 0) return '# Nothing insecure was found.';
  const starts = refusals.length === 0 ? 'It would start.' : 'It would not start.';
  return [...lines, `# ${starts}`].join('\n');
}
