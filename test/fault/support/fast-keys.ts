import type { Settings } from '../../support/latchkey.ts';

/** Lives of seconds, so that keys turn often while a test looks on. */
export interface FastLives {
  readonly signForSeconds: number;
  readonly maxAgeSeconds: number;
  readonly toleranceSeconds: number;
  readonly tokenSeconds: number;
}

/**
 * The sections of these lives, as tight as the configuration allows: between a key and those who keep the key set
 * lie the clocks, and the five seconds in which nodes hear of it; between its last token and its end, the clocks
 * and half a minute for requests under way.
 */
export function fastKeys(lives: FastLives): {
  readonly signingKeys: Readonly<Record<string, string>>;
  readonly others: Settings;
} {
  const { signForSeconds, maxAgeSeconds, toleranceSeconds, tokenSeconds } = lives;
  const token = `${tokenSeconds}s`;
  return {
    signingKeys: {
      signFor: `${signForSeconds}s`,
      jwksMaxAge: `${maxAgeSeconds}s`,
      clockTolerance: `${toleranceSeconds}s`,
      publishAhead: `${maxAgeSeconds + toleranceSeconds + 5}s`,
      verifyFor: `${tokenSeconds + toleranceSeconds + 30}s`,
      hintsFor: '5m',
    },
    others: {
      tokens: { accessToken: token, idToken: token },
      sessions: { idle: '5m', absolute: '5m' },
      statusLists: { ttl: '2s', lifetime: token },
    },
  };
}
