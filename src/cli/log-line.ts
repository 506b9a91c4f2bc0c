import { z } from 'zod';
import { plain } from './output.ts';

const shape = z.looseObject({
  level: z.string(),
  event: z.string(),
  msg: z.string(),
});
const LEVELS: Readonly<Record<string, string>> = { warn: 'warning' };
/** Of a line of JSON, but of no use to who reads it as it is written. */
const LEFT_OUT = new Set(['level', 'event', 'msg', 'time']);

/** Whether a command prints for programs: then its log, too, is JSON. */
export function isForPrograms(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

/** A line of the log as a person reads it: `warning: what happened (event; name: value)`. */
export function humanLogLine(line: string): string {
  const { data } = shape.safeParse(parsed(line));
  if (data === undefined) return plain(line);
  const details = Object.entries(data)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `; ${name}: ${wordsOf(value)}`);
  return plain(
    `${LEVELS[data.level] ?? data.level}: ${data.msg} (${data.event}${details.join('')})`,
  );
}

/** Of an error its code and message, down to its cause; a stack is for the log of a node. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return JSON.stringify(value);
  }
  const { code, message, cause } = z
    .looseObject({ code: z.string().optional(), message: z.string().optional() })
    .parse(value);
  if (message === undefined) return JSON.stringify(value);
  const own = code === undefined ? message : `${code}: ${message}`;
  return cause === undefined ? own : `${own}, because: ${wordsOf(cause)}`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
