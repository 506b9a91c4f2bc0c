import { describe, expect, test } from 'vitest';
import { humanLogLine, isForPrograms } from '../../../src/cli/log-line.ts';
import { LatchkeyError } from '../../../src/runtime/errors.ts';
import { createPinoLogger } from '../../../src/runtime/pino-logger.ts';

class Cut extends LatchkeyError {
  readonly code = 'ERR_CUT';
}

/** What a person reads of what is logged. */
function read(fields: Parameters<ReturnType<typeof createPinoLogger>['warn']>[0]): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(humanLogLine(line.trimEnd())) };
  createPinoLogger({ level: 'warn', fields: {}, destination }).warn(fields, 'cannot be read');
  return lines.join('\n');
}

describe('the log of a command', () => {
  test('is lines for people: the level, what happened, the event and its details', () => {
    expect(read({ event: 'redis.remark', remark: 'no replicas', count: 2 })).toBe(
      'warning: cannot be read (redis.remark; remark: no replicas; count: 2)',
    );
  });

  test('tells of an error its code and message, down to the cause, and no stack', () => {
    const error = new Cut('the log is cut off', { cause: new Error('connect ECONNREFUSED') });
    expect(read({ event: 'revocation.cut_off', error })).toBe(
      'warning: cannot be read (revocation.cut_off; error: ERR_CUT: the log is cut off, because: connect ECONNREFUSED)',
    );
  });

  test('lets nothing act on the terminal, and passes on what is no line of the log', () => {
    expect(read({ event: 'a.b', reason: '\u001B[2Jgone' })).not.toContain('\u001B');
    expect(humanLogLine('(node:1) a warning')).toBe('(node:1) a warning');
  });

  test.each([
    [['revoke', 'token', '--json', 'x'], true],
    [['revoke', 'token', 'x'], false],
    [['revoke', 'token', '--', '--json'], false],
  ])('of %j is JSON: %s', (args, isJson) => {
    expect(isForPrograms(args)).toBe(isJson);
  });
});
