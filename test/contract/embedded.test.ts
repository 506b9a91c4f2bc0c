import { createEmbeddedPlace } from '../support/embedded-file.ts';
import { describeRecordsContract, type RecordsEngine } from './records.contract.ts';
import { describeSiteEventsContract } from './site-events.contract.ts';
import { describeStateContract } from './state.contract.ts';

describeStateContract('the embedded engine', async () => {
  const place = await createEmbeddedPlace();
  return {
    open: async () => {
      const embedded = await place.open();
      return { ...embedded.state, close: () => embedded.close() };
    },
    now: () => place.clock.now(),
    pass: async (seconds) => place.clock.advance(seconds),
    close: () => place.close(),
  };
});

describeRecordsContract('the embedded engine', arrangeRecords);
describeSiteEventsContract('the embedded engine', arrangeRecords);

async function arrangeRecords(): Promise<RecordsEngine> {
  const place = await createEmbeddedPlace();
  return {
    open: async () => {
      const embedded = await place.open();
      return { ...embedded.records, close: () => embedded.close() };
    },
    close: () => place.close(),
  };
}
