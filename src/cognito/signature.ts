import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { readSecret } from '../config/secrets.ts';
import type { Clock } from '../runtime/clock.ts';
import { equalSecrets } from '../runtime/digest.ts';
import type { CognitoConfig } from './config.ts';
import { CognitoException } from './exception.ts';

/** Whether an operator sent the request. @throws {CognitoException} */
export type CheckSignature = (request: IncomingMessage, body: Buffer) => Promise<void>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>\w+)\/(?<scope>(?<date>\d{8})\/(?<region>[\w-]+)\/(?<service>[\w-]+)\/aws4_request), ?SignedHeaders=(?<headers>[\w;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/;
const TIME = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;
/** What has to be signed: where, when, and what is to be done. */
const SIGNED = ['host', 'x-amz-date', 'x-amz-target'];
const SKEW_SECONDS = 300;

/** What a signature says of itself. */
const shownSignature = z.object({
  key: z.string(),
  scope: z.string(),
  date: z.string(),
  region: z.string(),
  service: z.string(),
  headers: z
    .string()
    .transform((names) => names.split(';'))
    .refine((names) => SIGNED.every((name) => names.includes(name))),
  signature: z.string(),
});
type Signature = z.output<typeof shownSignature>;

/** Signatures of AWS, version 4, by the configured keys; or none at all, where the dev profile says so. */
export function createSignatureCheck({
  settings: { signatures },
  clock,
}: {
  readonly settings: Pick<CognitoConfig, 'signatures'>;
  readonly clock: Clock;
}): CheckSignature {
  const { mode, keys } = signatures;
  return async (request, body) => {
    if (mode === 'accept') return;
    const { authorization = '' } = request.headers;
    if (authorization === '')
      throw new CognitoException(
        'MissingAuthenticationTokenException',
        'Missing Authentication Token',
      );
    const shown = readSignature(authorization);
    if (shown === undefined) throw refused('The signature is incomplete.');
    const known = keys.find(({ id }) => id === shown.key);
    if (known === undefined)
      throw new CognitoException(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    const at = String(request.headers['x-amz-date'] ?? '');
    if (!isRecent(at, shown, clock.now())) throw refused('Signature expired');
    const expected = signatureOf(canonical(request, body, shown.headers), {
      ...shown,
      at,
      secret: await readSecret(known.secret),
    });
    if (!equalSecrets(expected, shown.signature))
      throw refused(
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      );
  };
}

function readSignature(text: string): Signature | undefined {
  return shownSignature.safeParse(AUTHORIZATION.exec(text)?.groups).data;
}

function isRecent(at: string, { date }: Signature, now: number): boolean {
  const iso = at.replace(TIME, '$1-$2-$3T$4:$5:$6Z');
  const seconds = Date.parse(iso) / 1000;
  return at.startsWith(date) && Math.abs(seconds - now) <= SKEW_SECONDS;
}

/** The request as both sides see it. */
function canonical(
  { method = '', url = '', headers }: IncomingMessage,
  body: Buffer,
  names: readonly string[],
): string {
  const [path = '', query = ''] = url.split('?', 2);
  const lines = names.map(
    (name) =>
      `${name}:${String(headers[name] ?? '')
        .trim()
        .replaceAll(/ +/g, ' ')}\n`,
  );
  return [method, path, query, lines.join(''), names.join(';'), hexSha256(body)].join('\n');
}

function signatureOf(
  request: string,
  by: Pick<Signature, 'date' | 'region' | 'service' | 'scope'> & {
    readonly at: string;
    readonly secret: string;
  },
): string {
  const key = [by.region, by.service, 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(Buffer.from(`AWS4${by.secret}`), by.date),
  );
  const text = [ALGORITHM, by.at, by.scope, hexSha256(Buffer.from(request))].join('\n');
  return hmac(key, text).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function hexSha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function refused(message: string): CognitoException {
  return new CognitoException('InvalidSignatureException', message);
}
