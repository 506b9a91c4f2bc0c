import type { FileFact, SecretFact } from './facts.ts';
import { refuse, warn, type Rule, type SafetySettings, type Weighed } from './safety.ts';
import { SECRET_BITS_MIN } from './secret-strength.ts';

/** Rules about what the machine says of the settings. */
export const FACT_RULES: readonly Rule[] = [
  (settings, { secrets }) => secrets.flatMap((secret) => judgeSecret(settings, secret)),
  (_, { files }) => files.flatMap(judgeFile),
];

function judgeSecret({ profile }: SafetySettings, secret: SecretFact): readonly Weighed[] {
  const { setting, place, fault, bits, isSample } = secret;
  if (fault !== undefined)
    return refuse(setting, fault, 'Put it where this process alone can read it');
  const weigh = profile === 'dev' ? warn : refuse;
  const fix = `Put the output of "openssl rand -base64 32" in ${place}`;
  if (isSample) return weigh(setting, `${place} holds a sample that anyone may know`, fix);
  if (bits >= SECRET_BITS_MIN) return [];
  return weigh(
    setting,
    `${place} holds a secret of about ${bits} bit; ${SECRET_BITS_MIN} are asked`,
    fix,
  );
}

function judgeFile({ setting, path, mode }: FileFact): readonly Weighed[] {
  if (mode === undefined || (mode & 0o077) === 0) return [];
  return refuse(
    setting,
    `${path} has mode ${mode.toString(8)}, so that others on this machine can reach it`,
    `Run: chmod 600 ${path}`,
  );
}
