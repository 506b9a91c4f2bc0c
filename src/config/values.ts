import { z } from 'zod';

const SECONDS_IN: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
};
const BYTES_IN: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const DURATION = /^(?<count>\d{1,6})(?<unit>[smhd])$/;
const BYTES = /^(?<count>\d{1,6})(?<unit>B|KB|MB|GB)$/;
const INTERVAL = /^(?<count>\d{1,6})(?<unit>ms|s)$/;
const DURATION_EXPECTED = 'expected a duration such as "90s" or "30d"';
const SECRET_EXPECTED = 'expected a secret by reference, "{ file: PATH }" or "{ env: NAME }"';
const BYTES_EXPECTED = 'expected a size such as "64KB" or "2MB"';

/** The keyword by which a setting's JSON Schema says what a text stands for. */
export const KIND = 'x-kind';

/** What `KIND` may say: for words and printing, never for validation. */
export type Kind = 'duration' | 'bytes' | 'secret' | 'sensitive';

/** Where a secret lies. The configuration never holds one itself. */
export type SecretReference = { readonly file: string } | { readonly env: string };

/** A setting that is written as a text, has a default, and is a number in the program. */
export type MeasureSetting = z.ZodPipe<z.ZodDefault<z.ZodString>, z.ZodTransform<number, string>>;

/** The same without a default. */
export type OptionalMeasureSetting = z.ZodPipe<
  z.ZodOptional<z.ZodString>,
  z.ZodTransform<number | undefined, string | undefined>
>;

/** A setting written as `90s`, `15m`, `12h` or `30d`; seconds in the program. */
export function duration(standard: string): MeasureSetting {
  return durationText()
    .default(standard)
    .transform(secondsIn)
    .meta({ [KIND]: 'duration' });
}

/** A setting written as `250ms` or `2s`, from `min` to `max` seconds; seconds in the program. */
export function interval(
  standard: string,
  { min, max }: { readonly min: number; readonly max: number },
): MeasureSetting {
  const secondsOf = (text: string): number => multiplied(INTERVAL.exec(text), SECONDS_IN);
  const error = `expected a duration such as "250ms" or "2s", from ${min * 1000}ms to ${max}s`;
  return z
    .string({ error })
    .refine((text) => secondsOf(text) >= min && secondsOf(text) <= max, { error })
    .default(standard)
    .transform(secondsOf)
    .meta({ [KIND]: 'duration' });
}

/** A duration that may be left out, for what falls back to another setting. */
export function optionalDuration(): OptionalMeasureSetting {
  return durationText()
    .optional()
    .transform((text) => (text === undefined ? undefined : secondsIn(text)))
    .meta({ [KIND]: 'duration' });
}

/** A setting written as `512B`, `64KB`, `2MB` or `1GB` (of 1024); bytes in the program. */
export function bytes(standard: string): MeasureSetting {
  return z
    .string({ error: BYTES_EXPECTED })
    .regex(BYTES, { error: BYTES_EXPECTED })
    .default(standard)
    .transform((text) => multiplied(BYTES.exec(text), BYTES_IN))
    .meta({ [KIND]: 'bytes' });
}

/** A secret by reference: `{ file: /run/secrets/x }` or `{ env: NAME }`. `readSecret` reads it. */
export function secret(): z.ZodType<SecretReference, SecretReference> {
  return z
    .union([z.strictObject({ file: secretPlace() }), z.strictObject({ env: secretPlace() })], {
      error: SECRET_EXPECTED,
    })
    .meta({ [KIND]: 'secret' });
}

/** The keyword by which a secret's JSON Schema says that someone else chose it: how strong it is, is not ours to judge. */
export const GIVEN = 'x-given';

/** A secret that another service gave us. */
export function givenSecret(): z.ZodType<SecretReference, SecretReference> {
  return secret().meta({ [KIND]: 'secret', [GIVEN]: true });
}

/** A text that is masked wherever the configuration is shown: a hash, a password of the dev profile. */
export function sensitive(): z.ZodString {
  return z
    .string()
    .min(1)
    .meta({ [KIND]: 'sensitive', writeOnly: true });
}

/** An absolute `http` or `https` URL without user, password and fragment. */
export function httpUrl(): z.ZodType<string, string> {
  return z
    .string()
    .refine((text) => httpUrlOf(text) !== undefined, {
      error: 'expected an http or https URL without user, password and fragment',
    })
    .meta({ format: 'uri' });
}

/** A web origin (RFC 6454) as browsers write it: `https://app.example.com`, nothing behind it. */
export function origin(): z.ZodType<string, string> {
  return z.string().refine((text) => httpUrlOf(text)?.origin === text, {
    error: 'expected an origin such as "https://app.example.com": no path, no default port',
  });
}

function secretPlace(): z.ZodString {
  return z.string({ error: SECRET_EXPECTED }).min(1, { error: SECRET_EXPECTED });
}

function durationText(): z.ZodString {
  return z.string({ error: DURATION_EXPECTED }).regex(DURATION, { error: DURATION_EXPECTED });
}

function secondsIn(text: string): number {
  return multiplied(DURATION.exec(text), SECONDS_IN);
}

/** NaN for what the pattern had already refused. */
function multiplied(
  match: RegExpExecArray | null,
  factors: Readonly<Record<string, number>>,
): number {
  const { count, unit } = match?.groups ?? {};
  return Number(count) * (factors[unit ?? ''] ?? Number.NaN);
}

function httpUrlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\/[^\s\\]+$/.test(text)) return undefined;
  return url.username === '' && url.password === '' && !text.includes('#') ? url : undefined;
}

/** Whether `pattern` is one, by the rules of the `u` flag. */
export function isRegularExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').source !== '';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
