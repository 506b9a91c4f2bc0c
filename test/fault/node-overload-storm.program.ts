import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { authorize } from '../../bench/browser-flow.ts';
import { createLedger } from './support/ledger.ts';
import { createVisitor } from './support/visitor.ts';
import { APP } from './support/world.ts';

/** A storm of people who all want to sign in, each from an address of their own, until it is told to stop. */
export interface Storm {
  readonly issuer: string;
  readonly port: number;
  readonly people: readonly string[];
  readonly password: string;
}

const STORM_PRIORITY = 10;

const { issuer, port, people, password }: Storm = JSON.parse(process.argv[2] ?? '{}');
// People sit at machines of their own: what they do must not take the cores that the node is measured on.
setPriority(STORM_PRIORITY);
const ledger = createLedger();
const over = new AbortController();
process.once('SIGTERM', () => over.abort());

await Promise.all(
  people.map(async (login, index) => {
    const address = `10.0.${Math.floor(index / 250)}.${index % 250}`;
    const headers = { 'x-forwarded-for': address };
    const options = { issuer, ports: [port], node: () => 0, ledger, isBrowser: true, headers };
    const visitor = createVisitor(options);
    while (!over.signal.aborted)
      await authorize(visitor, { client: APP, login, password }).catch(() => delay(comeAgainMs()));
    await visitor.close();
  }),
);
/** As `Retry-After` says, but no two people are equally patient. */
function comeAgainMs(): number {
  return 2000 + Math.random() * 2000;
}

process.stdout.write(JSON.stringify(ledger.lines));
