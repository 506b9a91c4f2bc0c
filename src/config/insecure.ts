import { LatchkeyError } from '../runtime/errors.ts';
import type { Facts } from './facts.ts';
import { FACT_RULES } from './safety-facts.ts';
import { SETTING_RULES } from './safety-rules.ts';
import type { Finding, Safety, SafetySettings } from './safety.ts';

/** The settings are insecure by accident: the node must not start. */
export class InsecureConfig extends LatchkeyError {
  readonly code = 'ERR_INSECURE_CONFIG';
  readonly refusals: readonly Finding[];

  constructor(refusals: readonly Finding[]) {
    super(
      `this would be insecure, so it does not start:\n  ${refusals.map(findingText).join('\n  ')}`,
    );
    this.refusals = refusals;
  }
}

/** `issuer: is http ... Set it to ...` */
export function findingText({ setting, problem, fix }: Finding): string {
  return `${setting}: ${problem}. ${fix}.`;
}

/** Judges `settings` together with what the machine says of them. */
export function judgeSafety(settings: SafetySettings, facts: Facts): Safety {
  const found = [...SETTING_RULES, ...FACT_RULES].flatMap((rule) => rule(settings, facts));
  return {
    refusals: found.filter(({ weight }) => weight === 'refuse').map(({ finding }) => finding),
    warnings: found.filter(({ weight }) => weight === 'warn').map(({ finding }) => finding),
  };
}
