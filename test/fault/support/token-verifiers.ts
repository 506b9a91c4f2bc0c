import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { JwtVerifier } from 'aws-jwt-verify';
import type { Jwks } from 'aws-jwt-verify/jwk';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { createKeySetCache, fetchKeySet, type KeySetPlace } from './key-set-cache.ts';

/** Debian's own: another Python first on the PATH does not know its packages. */
const PYTHON = '/usr/bin/python3';
const AUTHLIB = '/usr/lib/python3/dist-packages/authlib';
const AUTHLIB_PROGRAM = fileURLToPath(new URL('./verify-with-authlib.py', import.meta.url));
const HINT = 'python3-authlib is missing: apt-get install -y python3-authlib';

/** Someone who believes tokens by a key set that is kept for the whole of its max-age. */
export interface TokenVerifier {
  readonly name: string;
  /** Why `token` is refused; undefined: it is good. */
  refusalOf(token: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface VerifierOptions {
  readonly issuer: string;
  /** Of every node; those of the libraries ask the first, which is the issuer's own. */
  readonly ports: readonly number[];
  /** The setting of the nodes, for libraries that do not read `Cache-Control`. */
  readonly maxAgeSeconds: number;
  /** By how much clocks may differ. What is asked is whether keys are known, not whether tokens are fresh. */
  readonly leewaySeconds: number;
}

/** One that keeps to `Cache-Control` at each node, and three libraries as APIs use them. */
export async function openTokenVerifiers(
  options: VerifierOptions,
): Promise<readonly TokenVerifier[]> {
  const { issuer, ports } = options;
  const strict = ports.map((port, node) => createStrict({ port, issuer }, node, options));
  return [...strict, ...(await openLibraries(options))];
}

/** The three libraries alone. */
export async function openLibraries(options: VerifierOptions): Promise<readonly TokenVerifier[]> {
  return [createJose(options), createAws(options), await openAuthlib(options)];
}

function createStrict(
  place: KeySetPlace,
  node: number,
  { issuer, leewaySeconds }: VerifierOptions,
): TokenVerifier {
  const keys = createKeySetCache(place, createLocalJWKSet);
  return verifier(`Cache-Control of node ${node}`, async (token) => {
    await jwtVerify(token, await keys(), { issuer, clockTolerance: leewaySeconds });
  });
}

function createJose({
  issuer,
  ports,
  maxAgeSeconds,
  leewaySeconds,
}: VerifierOptions): TokenVerifier {
  const [port = 0] = ports;
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
    cacheMaxAge: maxAgeSeconds * 1000,
    // For as long an unknown key is no reason to ask again.
    cooldownDuration: maxAgeSeconds * 1000,
    timeoutDuration: 60_000,
    // Which may be down for a moment.
    [customFetch]: async () => Response.json((await fetchKeySet({ port, issuer })).keys),
  });
  return verifier('jose', async (token) => {
    await jwtVerify(token, keys, { issuer, clockTolerance: leewaySeconds });
  });
}

function createAws({
  issuer,
  ports,
  maxAgeSeconds,
  leewaySeconds,
}: VerifierOptions): TokenVerifier {
  const [port = 0] = ports;
  const open = (keys: unknown): { verifySync(token: string): unknown } => {
    const checking = JwtVerifier.create({ issuer, audience: null, graceSeconds: leewaySeconds });
    checking.cacheJwks(keys as Jwks);
    return checking;
  };
  const checking = createKeySetCache({ port, issuer }, open, maxAgeSeconds);
  return verifier('aws-jwt-verify', async (token) => {
    (await checking()).verifySync(token);
  });
}

async function openAuthlib(options: VerifierOptions): Promise<TokenVerifier> {
  const { issuer, maxAgeSeconds, leewaySeconds } = options;
  await access(AUTHLIB).catch((cause: unknown) => {
    throw new Error(HINT, { cause });
  });
  const settings = [`${issuer}/.well-known/jwks.json`, issuer, maxAgeSeconds, leewaySeconds];
  const child = spawn(PYTHON, [AUTHLIB_PROGRAM, ...settings.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<string, (verdict: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [number = '', ...words] = line.split(' ');
    waiting.get(number)?.(words.join(' '));
    waiting.delete(number);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const answer of waiting.values()) answer('the program has ended');
      resolve();
    });
  });
  let asked = 0;
  return {
    name: 'python3-authlib',
    async refusalOf(token) {
      const number = String((asked += 1));
      const verdict = await new Promise<string>((resolve) => {
        waiting.set(number, resolve);
        child.stdin.write(`${number} ${token}\n`);
      });
      return verdict === 'ok' ? undefined : verdict;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

function verifier(name: string, verify: (token: string) => Promise<void>): TokenVerifier {
  return {
    name,
    refusalOf: (token) => verify(token).then(() => undefined, String),
    close: async () => undefined,
  };
}
