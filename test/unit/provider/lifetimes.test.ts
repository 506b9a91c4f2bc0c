import type { Client } from 'oidc-provider';
import { expect, test } from 'vitest';
import { sessionsConfig, tokensConfig } from '../../../src/provider/config.ts';
import { createLifetimes } from '../../../src/provider/lifetimes.ts';
import { systemClock } from '../../../src/runtime/clock.ts';

const DAY = 86_400;
const tokens = tokensConfig.parse({ refreshTokenIdle: '7d', refreshTokenAbsolute: '30d' });
// Nothing of the engine's client is looked at: what it is comes from `policyOf`.
const client = {} as Client;

function ofRefreshToken(options: {
  readonly isRotated: boolean;
  readonly ageDays: number;
}): number {
  const lifetimes = createLifetimes({
    settings: { tokens, sessions: sessionsConfig.parse({}) },
    clock: { ...systemClock, now: () => 100 * DAY },
    policyOf: () => undefined,
    isRotated: () => options.isRotated,
  });
  return lifetimes.refreshToken({ iiat: (100 - options.ageDays) * DAY }, client) / DAY;
}

test('a refresh token lives until it lies unused for too long, and never beyond its chain', () => {
  expect(ofRefreshToken({ isRotated: true, ageDays: 0 })).toBe(7);
  expect(ofRefreshToken({ isRotated: true, ageDays: 28 })).toBe(2);
});

test('one that stays when it is used lives for all that time', () => {
  expect(ofRefreshToken({ isRotated: false, ageDays: 0 })).toBe(30);
});
