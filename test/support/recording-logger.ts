import type { LogFields, Logger } from '../../src/runtime/logger.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** A logger that keeps its lines for the test to read, and prints none. */
export function createRecordingLogger(): { readonly logger: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const recording = (bound: Readonly<Record<string, LogFields[string]>>): Logger => {
    const at = (level: LogLine['level']) => (fields: LogFields, message: string) => {
      lines.push({ level, fields: { ...bound, ...fields }, message });
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => recording({ ...bound, ...fields }),
    };
  };
  return { logger: recording({}), lines };
}
