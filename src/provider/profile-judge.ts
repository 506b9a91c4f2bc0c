import type { Client } from '../clients/clients.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Demands } from './features/demands.ts';

/** The client, unless it falls short of what it is held to, or would get less than it wants; that is told once of each. */
export function createProfileJudge({
  demands,
  logger,
}: {
  readonly demands: Pick<Demands, 'shortcomings'>;
  readonly logger: Logger;
}): (client: Client | undefined) => Client | undefined {
  const known = new WeakMap<Client, boolean>();

  function isGoodEnough(client: Client): boolean {
    const problems = demands.shortcomings(client);
    if (problems.length === 0) return true;
    logger.warn(
      { event: 'client.below_profile', clientId: client.id, problems },
      'a client falls short of what it is held to, or wants what is switched off: it is refused',
    );
    return false;
  }

  return (client) => {
    if (client === undefined) return undefined;
    const isGood = known.get(client) ?? isGoodEnough(client);
    known.set(client, isGood);
    return isGood ? client : undefined;
  };
}
