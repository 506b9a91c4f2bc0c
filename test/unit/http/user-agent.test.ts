import { expect, test } from 'vitest';
import { deviceLine, deviceOf } from '../../../src/http/user-agent.ts';

const LIKE_GECKO = 'AppleWebKit/537.36 (KHTML, like Gecko)';

test.each([
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${LIKE_GECKO} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`,
    'Edge',
    'Windows',
    'computer',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${LIKE_GECKO} Chrome/126.0.0.0 Safari/537.36`,
    'Chrome',
    'Windows',
    'computer',
  ],
  [
    'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
    'Firefox',
    'Linux',
    'computer',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Safari',
    'macOS',
    'computer',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari',
    'iPhone',
    'phone',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1',
    'Chrome',
    'iPhone',
    'phone',
  ],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-S921B) ${LIKE_GECKO} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet',
    'Android',
    'phone',
  ],
  ['curl/8.9.1', 'curl', '', 'unknown'],
  ['', '', '', 'unknown'],
  [undefined, '', '', 'unknown'],
])('knows %s', (userAgent, browser, system, picture) => {
  expect(deviceOf(userAgent)).toEqual({ browser, system, picture });
});

test('says it in a line for a letter, without what it does not know', () => {
  expect(deviceLine('Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0')).toBe('Firefox, Linux');
  expect(deviceLine('curl/8.9.1')).toBe('curl');
  expect(deviceLine(undefined)).toBe('');
});
