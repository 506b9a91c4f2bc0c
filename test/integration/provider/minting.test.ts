import { expect, test } from 'vitest';
import { openHouse } from '../../support/provider-house.ts';

test('outside of the dev profile no token is minted without a sign-in', async () => {
  const house = await openHouse();
  expect(house.first.protocol.minting).toBeUndefined();
  await house.close();
});
