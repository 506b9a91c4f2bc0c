import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAssertion, readRegistration } from '../../../src/factors/passkey-answers.ts';

const anything = fc.anything();
const base64url = fc.string().map((text) => Buffer.from(text).toString('base64url'));
const shaped = fc.record({
  id: fc.oneof(base64url, anything),
  rawId: fc.oneof(base64url, anything),
  type: fc.constantFrom('public-key', 'password'),
  response: fc.record({
    clientDataJSON: fc.oneof(
      base64url,
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    ),
    attestationObject: fc.oneof(
      base64url,
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
    ),
    authenticatorData: base64url,
    signature: base64url,
    transports: fc.oneof(fc.array(fc.string()), anything),
    userHandle: fc.oneof(base64url, anything),
  }),
});

test('whatever a browser sends is read or refused, and nothing is thrown', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, shaped), async (response) => {
      readAssertion(response);
      expect((await readRegistration(response))?.type ?? 'public-key').toBe('public-key');
    }),
    { numRuns: 500 },
  );
});
