import type { LogFields, Logger } from '../../src/runtime/logger.ts';

/** One line that was logged. */
interface ToldLine extends LogFields {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** A logger that keeps what it is told, for a test to look at. */
export interface ToldLogger extends Logger {
  readonly lines: readonly ToldLine[];
  /** The names of the events told so far, from `info` up. */
  events(): readonly string[];
}

/** Nothing has been told yet. */
export function createToldLogger(): ToldLogger {
  const lines: ToldLine[] = [];
  const at =
    (level: ToldLine['level']) =>
    (fields: LogFields): void =>
      void lines.push({ level, ...fields });
  const logger: ToldLogger = {
    lines,
    events: () => lines.filter(({ level }) => level !== 'debug').map(({ event }) => event),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: () => logger,
  };
  return logger;
}
