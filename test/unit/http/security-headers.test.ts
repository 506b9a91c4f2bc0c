import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createSecurityHeaders, withImageFrom } from '../../../src/http/security-headers.ts';

function headersOf(
  options: Partial<Parameters<typeof createSecurityHeaders>[0]>,
  request: object = { method: 'GET', headers: {} },
): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const response = { setHeader: (name: string, value: string) => void headers.set(name, value) };
  const secure = createSecurityHeaders({
    issuer: 'https://id.example.com',
    popups: true,
    images: [],
    ...options,
  });
  secure(request as IncomingMessage, response as unknown as ServerResponse);
  return headers;
}

const HSTS = 'Strict-Transport-Security';

test('https is for good, but not on loopback, where other servers of the developer live', () => {
  expect(headersOf({}).get(HSTS)).toBe('max-age=31536000');
  for (const issuer of [
    'http://id.example.com',
    'https://localhost:4000',
    'https://127.0.0.1',
    'https://[::1]:1',
  ])
    expect(headersOf({ issuer }).has(HSTS)).toBe(false);
});

test('without pop-ups pages are cut off from the window that opened them', () => {
  expect(headersOf({}).has('Cross-Origin-Opener-Policy')).toBe(false);
  expect(headersOf({ popups: false }).get('Cross-Origin-Opener-Policy')).toBe('same-origin');
});

test('the policy names every image and allows nothing inline', () => {
  const policy =
    headersOf({ images: ['https://cdn.acme.example'] }).get('Content-Security-Policy') ?? '';
  const more = withImageFrom(policy, 'https://logos.example/a.png;script-src *');
  expect(more).toContain("img-src 'self' https://cdn.acme.example https://logos.example");
  expect(more.match(/script-src [^;]*/g)).toEqual(["script-src 'self'"]);
  expect(more).toMatch(/^default-src 'none';/);
});

test('what a program posts for is no page, what a browser posts for may be one', () => {
  const post = (accept: string): ReadonlyMap<string, string> =>
    headersOf({}, { method: 'POST', headers: { accept } });
  expect([...post('*/*').keys()]).toEqual(['Cache-Control', 'X-Content-Type-Options', HSTS]);
  expect(post('text/html,*/*').has('Content-Security-Policy')).toBe(true);
});
