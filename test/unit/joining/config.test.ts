import { expect, test } from 'vitest';
import { effectiveSettings, joiningConfig } from '../../../src/joining/config.ts';
import { settingsSchema } from '../../../src/settings.ts';

test('where no letter leaves, nobody is asked for an address that they could not prove', () => {
  const open = joiningConfig.parse({ mode: 'open' });
  expect(effectiveSettings(open, { hasMail: false }).mode).toBe('invitation');
  expect(effectiveSettings(open, { hasMail: true }).mode).toBe('open');
});

test('what operators alone can fill in and everybody must have would keep everybody out', () => {
  const { error } = settingsSchema.safeParse({
    profile: 'dev',
    joining: { mode: 'open' },
    accounts: { attributes: [{ name: 'grade', type: 'string', required: true }] },
  });
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([
    'accounts.attributes.0.editableBy',
  ]);
});
