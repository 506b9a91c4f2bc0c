// An API whose access tokens only it can read: it decrypts them, then verifies what was inside. The provider has its
// public key in `apis[].encryption`. ISSUER=... KEY=private.jwk node examples/encrypted-api.ts
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { compactDecrypt, importJWK } from 'jose';
import { createVerifier, VerificationError } from '../verifier/src/index.ts';

const port = Number(process.env['PORT'] ?? 3000);
const key = await importJWK(
  JSON.parse(await readFile(process.env['KEY'] ?? 'private.jwk', 'utf8')),
  'RSA-OAEP-256',
);
const verifier = createVerifier({
  issuer: process.env['ISSUER'] ?? 'http://localhost:4000',
  audience: 'https://api.example.com',
  revocation: { whenSilent: 'refuse' },
});

createServer((request, response) => void answer(request, response)).listen(port, '127.0.0.1', () =>
  process.stdout.write(`Listens at http://127.0.0.1:${port}\n`),
);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const [, token = ''] = (request.headers.authorization ?? '').split('Bearer ');
    const claims = await verifier.verify(await decrypt(token));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(claims));
  } catch (error) {
    const status = error instanceof VerificationError ? error.status : 401;
    response.writeHead(status, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
  }
}

/** Whoever has our public key can encrypt for us: what is inside says nothing until it is verified. */
async function decrypt(token: string): Promise<string> {
  const { plaintext } = await compactDecrypt(token, key, {
    keyManagementAlgorithms: ['RSA-OAEP-256'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  return new TextDecoder().decode(plaintext);
}
