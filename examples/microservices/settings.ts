import { createVerifier, type Verifier } from '../../verifier/src/index.ts';

/** As `latchkey.yaml` has them. */
export const AUDIENCE = 'https://shop.example.com';
export const SHOP = { id: 'shop', secret: 'example-secret-not-for-production-shop-0001' } as const;
const APIS = {
  clientId: 'apis',
  clientSecret: 'example-secret-not-for-production-apis-0001',
} as const;

/** Each API has a verifier of its own and follows the feed by itself. In your project: `from 'latchkey-verifier'`. */
export function verifierFor(issuer: string): Verifier {
  return createVerifier({
    issuer,
    audience: AUDIENCE,
    credentials: APIS,
    revocation: { whenSilent: 'refuse' },
  });
}
