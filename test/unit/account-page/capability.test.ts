import { expect, test } from 'vitest';
import { accountPage } from '../../../src/account-page/capability.ts';
import { accountPageConfig } from '../../../src/account-page/config.ts';
import type { House } from '../../../src/capability.ts';

test('an installation may do without the page, and then nothing is served', () => {
  const house = {} as House;
  expect(accountPage.create(accountPageConfig.parse({ enabled: false }), house)).toBeUndefined();
});

test('is there by default, and lets nobody delete an account', () => {
  expect(accountPageConfig.parse(undefined)).toMatchObject({ enabled: true, deletion: false });
});
