import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createTestKey, openListNode } from './fixture.ts';
import { siteOn } from './site-on.ts';

/** Gives out indices until it is killed, and says of each who got it before it goes on. */
async function main(file: string): Promise<void> {
  const site = siteOn(file, systemClock);
  const node = await openListNode(site, { key: await createTestKey() });
  for (let number = 0; ; number += 1) {
    const issued = await node.issue({ accountId: `account-${number % 2}` });
    process.stdout.write(`${JSON.stringify(issued)}\n`);
    if (number % 20 === 0) await delay(5);
  }
}

await main(String(process.argv[2]));
