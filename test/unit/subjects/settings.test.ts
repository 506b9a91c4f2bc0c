import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

const settings = (enabled: boolean): object => ({
  profile: 'dev',
  protocol: { pairwiseSubjects: { enabled } },
  clients: [
    {
      id: 'app',
      secretInClear: 'a-secret-of-a-test-0123456789abcdef',
      redirectUris: ['https://app.example/callback'],
      subjectType: 'pairwise',
    },
  ],
});

test('a client has pairwise subjects only where they are on', () => {
  expect(settingsSchema.safeParse(settings(true)).success).toBe(true);
  expect(settingsSchema.safeParse(settings(false)).error?.issues).toMatchObject([
    { path: ['clients', 0, 'subjectType'], message: 'needs protocol.pairwiseSubjects.enabled' },
  ]);
});
