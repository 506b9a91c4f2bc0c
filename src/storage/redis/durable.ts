import { StateUnavailable } from '../state.ts';
import type { Link } from './link.ts';
import { isConfirmedByLog, type ServerFacts } from './server-facts.ts';

/** Makes a write, and answers once Redis has confirmed that it will last. */
export type Commit = <Answer>(write: () => Promise<Answer>) => Promise<Answer>;

/** How a Redis confirms a write: by replicas, by its append-only file, or not at all. */
export type Confirmation = 'replicas' | 'log' | 'none';

/** What the best confirmation is that this Redis can give. */
export function confirmationOf(facts: ServerFacts | undefined, replicas: number): Confirmation {
  if (replicas > 0) return 'replicas';
  return facts && isConfirmedByLog(facts) ? 'log' : 'none';
}

/**
 * Writes over `link` and has all that one turn of the event loop wrote confirmed together. The
 * confirmation goes over the same connection, for it covers what that connection wrote, and it holds
 * the connection up: so the link is nobody else's.
 */
export function createCommit(link: Link, replicas: number, waitMs: number): Commit {
  let confirmed: Promise<void> | undefined;

  function confirmSoon(): Promise<void> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        confirmed = undefined;
        confirm(link, replicas, waitMs).then(resolve, reject);
      });
    });
  }

  return async (write) => {
    const writing = write();
    confirmed ??= confirmSoon();
    const [answer] = await Promise.all([writing, confirmed]);
    return answer;
  };
}

async function confirm(link: Link, replicas: number, waitMs: number): Promise<void> {
  if (replicas === 0) {
    const [onDisk] = readNumbers(await link.client.call('WAITAOF', 1, 0, waitMs));
    if (onDisk !== 1) throw new StateUnavailable('Redis did not confirm that it is on disk');
    return;
  }
  const count = await link.client.wait(replicas, waitMs);
  if (count < replicas) {
    throw new StateUnavailable(`${count} of ${replicas} replicas of Redis confirmed`);
  }
}

function readNumbers(answer: unknown): readonly number[] {
  return Array.isArray(answer) ? answer.map(Number) : [];
}
