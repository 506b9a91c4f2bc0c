import { pino, type DestinationStream } from 'pino';
import { LatchkeyError } from './errors.ts';
import type { LogFields, Logger } from './logger.ts';

export interface PinoLoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Fields of every line: the node's name, the version. */
  readonly fields: Readonly<Record<string, string>>;
  /** Where lines go; standard output when left out. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * JSON lines by pino. What may be logged is what `LogFields` can hold, flat values by name, so that
 * no request, token or configuration object gets in by accident; what looks like a token is cut all the same.
 */
export function createPinoLogger({ level, fields, destination }: PinoLoggerOptions): Logger {
  const options = {
    level,
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(destination ? pino(options, destination) : pino(options));
}

function wrap(inner: pino.Logger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      if (inner.isLevelEnabled(level)) inner[level](redactFields(fields), redact(message));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => wrap(inner.child(redactFields(fields))),
  };
}

// A JWS or JWE in compact form; our own secrets by their prefix; a password in a URL's authority.
const SECRETS = [
  { shape: /eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*){1,3}/gu, as: '[token]' },
  { shape: /\b(?:Bearer|DPoP|Basic)\s+[\w.~+/=-]{8,}/giu, as: '[credentials]' },
  { shape: /(?<=:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gu, as: '[password]' },
] as const;

function redact(text: string): string {
  return SECRETS.reduce((rest, { shape, as }) => rest.replace(shape, as), text);
}

function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, redactValue(value)]),
  );
}

function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (value instanceof Error) return describe(value);
  if (Array.isArray(value)) return value.map(redactValue);
  return value;
}

/** Of an error only what we know to be safe: no properties that a library may have hung on it. */
function describe(error: Error): Record<string, unknown> {
  return {
    name: error.name,
    ...(error instanceof LatchkeyError && { code: error.code }),
    message: redact(error.message),
    // The stack of a foreseen fault tells nothing that its code does not.
    ...(!(error instanceof LatchkeyError) && { stack: redact(error.stack ?? '') }),
    ...(error.cause instanceof Error && { cause: describe(error.cause) }),
  };
}
