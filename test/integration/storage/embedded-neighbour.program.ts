import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/runtime/clock.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import { createToldLogger } from '../../support/told.ts';

/** Another process on the same file: it does what it is told by line, and says by line what came of it. */
async function main(file: string): Promise<void> {
  const logger = createToldLogger();
  const { state, close } = await openEmbedded({ file, clock: systemClock, logger });
  const say = (...words: readonly string[]): void =>
    void process.stdout.write(`${words.join(' ')}\n`);
  await state.subscribe('to-neighbour', () => say('heard'));
  say('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, count = '0'] = line.split(' ');
    if (verb === 'notify') await state.notify('from-neighbour');
    if (verb === 'race') {
      const races = Array.from({ length: Number(count) }, (_, n) =>
        state.swap(`race-${n}`, undefined, 'neighbour'),
      );
      const won = (await Promise.all(races)).filter((version) => version !== undefined);
      say('won', String(won.length));
    }
  }
  await close();
}

await main(String(process.argv[2]));
