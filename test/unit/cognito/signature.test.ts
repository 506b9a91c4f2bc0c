import { createHash, createHmac } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignatureCheck, type CheckSignature } from '../../../src/cognito/signature.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const SECRET = 'a secret access key that nobody guesses';
const NOW = Date.UTC(2026, 10, 26, 13, 0, 0) / 1000;
const BODY = Buffer.from('{"UserPoolId":"us-east-1_Dev00001"}');

let folder: string;
let check: CheckSignature;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-signature-'));
  const file = join(folder, 'secret');
  await writeFile(file, SECRET, { mode: 0o600 });
  const keys = [{ id: 'AKIDEXAMPLE', secret: { file } }];
  check = createSignatureCheck({
    settings: { signatures: { mode: 'check', keys } },
    clock: createFakeClock(NOW),
  });
});
afterAll(() => rm(folder, { recursive: true }));

interface Signing {
  readonly key?: string;
  readonly secret?: string;
  readonly at?: string;
  readonly signed?: string;
  /** Headers as they arrive, over those that were signed. */
  readonly arrives?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Signs as the documentation of AWS says, and hands the request over. */
async function send({
  key = 'AKIDEXAMPLE',
  secret = SECRET,
  at = '20261126T130000Z',
  signed = 'content-type;host;x-amz-date;x-amz-target',
  arrives = {},
  body = BODY,
}: Signing = {}): Promise<void> {
  const headers: Readonly<Record<string, string>> = {
    'content-type': 'application/x-amz-json-1.1',
    host: 'localhost:4002',
    'x-amz-date': at,
    'x-amz-target': 'AWSCognitoIdentityProviderService.ListUsers',
  };
  const scope = `${at.slice(0, 8)}/us-east-1/cognito-idp/aws4_request`;
  const lines = signed.split(';').map((name) => `${name}:${headers[name] ?? ''}`);
  const request = `POST\n/\n\n${lines.join('\n')}\n\n${signed}\n${sha256(BODY)}`;
  const text = `AWS4-HMAC-SHA256\n${at}\n${scope}\n${sha256(request)}`;
  let signing: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of scope.split('/'))
    signing = createHmac('sha256', signing).update(part).digest();
  const signature = createHmac('sha256', signing).update(text).digest('hex');
  const message = new IncomingMessage(new Socket());
  const authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  Object.assign(message, {
    method: 'POST',
    url: '/',
    headers: { ...headers, authorization, ...arrives },
  });
  await check(message, body);
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

test('a request that a known key has signed is an operator\u2019s', async () => {
  await expect(send()).resolves.toBeUndefined();
});

test.each<[string, Signing]>([
  ['another secret', { secret: 'another' }],
  ['another body', { body: Buffer.from('{"UserPoolId":"other"}') }],
  [
    'another operation',
    { arrives: { 'x-amz-target': 'AWSCognitoIdentityProviderService.AdminDeleteUser' } },
  ],
  ['an operation that was not signed', { signed: 'host;x-amz-date' }],
  ['a time long ago', { at: '20261126T125000Z' }],
  ['a time to come', { at: '20261126T131000Z' }],
  ['no time at all', { at: 'yesterday' }],
])('a request with %s is refused', async (_, signing) => {
  await expect(send(signing)).rejects.toMatchObject({ type: 'InvalidSignatureException' });
});

test('who has no key, or no signature, is told so in the words of AWS', async () => {
  await expect(send({ key: 'AKIDOTHER' })).rejects.toMatchObject({
    type: 'UnrecognizedClientException',
  });
  await expect(send({ arrives: { authorization: '' } })).rejects.toMatchObject({
    type: 'MissingAuthenticationTokenException',
  });
});
