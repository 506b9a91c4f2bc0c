import { onTestFinished } from 'vitest';
import { createEmbeddedPlace } from '../../support/embedded-file.ts';
import { describeFactors } from './factors.contract.ts';

describeFactors('SQLite and the embedded state', async () => {
  const place = await createEmbeddedPlace();
  onTestFinished(() => place.close());
  return place;
});
