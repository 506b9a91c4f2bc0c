import { advise } from './errors.ts';
import type { Link } from './link.ts';

/** One that has just been opened, or was cut, is there again in less; a look at `/readyz` may take a second in all. */
const WAIT_MS = 500;

/** Which of `links` is not ready and why, for an operator; undefined: all of them are, at this moment. */
export async function missingAmong(links: readonly Link[]): Promise<string | undefined> {
  await Promise.all(links.map((link) => link.untilReady(WAIT_MS)));
  const missing = links.find((link) => !link.isReady());
  return missing && `${nameOf(missing)} is not there: ${advise(missing.trouble())}`;
}

function nameOf({ client }: Link): string {
  return `the connection ${client.options.connectionName ?? 'to Redis'}`;
}
