import type { Json } from './json.ts';

/** What a line tells beside its words: flat, named fields; never an object from outside. */
export interface LogFields {
  /** The stable, documented name of what happened: `key.published`. */
  readonly event: string;
  readonly [name: string]: Json | Error | undefined;
}

/**
 * The node's story for its operators, one JSON line per event.
 * `error` wakes someone, `warn` will, `info` is the story, `debug` is off.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to every line. */
  with(fields: Readonly<Record<string, Json>>): Logger;
}
