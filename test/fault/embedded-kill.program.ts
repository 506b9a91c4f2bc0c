import { systemClock } from '../../src/runtime/clock.ts';
import { openEmbedded } from '../../src/storage/embedded/open-embedded.ts';
import { createToldLogger } from '../support/told.ts';

/** Writes in all ways at once until it is killed, and says of each write that was answered what it was. */
async function main(file: string, life: string, firstTicket: number): Promise<void> {
  const logger = createToldLogger();
  const { state, records } = await openEmbedded({ file, clock: systemClock, logger });
  await records.migrate();
  const answered = (...what: readonly (string | number)[]): void =>
    void process.stdout.write(`${what.join(' ')}\n`);

  async function putOn(lane: number): Promise<void> {
    for (let n = 0; ; n += 1) {
      const key = `${life}-${lane}-${n}`;
      await state.put(key, n);
      answered('put', key, n);
    }
  }

  async function appendOn(): Promise<void> {
    for (let n = 0; ; n += 1) {
      const number = await state.append('log', [`${life}-${n}`]);
      answered('append', number, `${life}-${n}`);
    }
  }

  async function insertOn(): Promise<void> {
    for (let n = 0; ; n += 1) {
      const name = `${life}-${n}`;
      const twin = `${name}-twin`;
      const insert = records.queries.insertInto('installation');
      await records.write(
        insert.values({ name, value: '1' }),
        insert.values({ name: twin, value: '1' }),
      );
      answered('insert', name);
    }
  }

  /** A ticket is taken once: by deleting it, in the life that finds it. */
  async function redeemOn(): Promise<void> {
    for (let n = firstTicket; ; n += 1) {
      if (await state.delete(`ticket-${n}`)) answered('redeem', n);
    }
  }

  await Promise.all([putOn(0), putOn(1), putOn(2), appendOn(), insertOn(), redeemOn()]);
}

const [file, life, firstTicket] = process.argv.slice(2);
await main(String(file), String(life), Number(firstTicket));
