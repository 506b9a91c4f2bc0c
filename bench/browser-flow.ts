import { createHash, randomBytes } from 'node:crypto';
import type { Answer, Lane } from './lane.ts';

/** A client as both targets know it. */
export interface BenchClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
}

/** Where a target has its endpoints, as paths; both serve the same. */
export const PATHS = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/.well-known/jwks.json',
  authorize: '/authorize',
  token: '/token',
  introspect: '/introspect',
  userinfo: '/userinfo',
  par: '/par',
  device: '/device/authorize',
} as const;

export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

export interface SignInOptions {
  readonly client: BenchClient;
  readonly login: string;
  readonly password: string;
}

const FORM_STEPS_MAX = 12;

/** A code on its way to a client, with what the client needs to redeem it. */
export interface Authorized {
  readonly code: string;
  readonly verifier: string;
}

/** The whole of a sign-in as a browser and a client go through it: pages, consent, code, tokens. */
export async function signIn(lane: Lane, options: SignInOptions): Promise<TokenAnswer> {
  const authorized = await authorize(lane, options);
  return readTokens(await redeem(lane, options.client, authorized));
}

/** The browser's part: a person who is not signed in yet goes through the pages, back to the client. */
export async function authorize(lane: Lane, options: SignInOptions): Promise<Authorized> {
  lane.forgetCookies();
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: options.client.id,
    redirect_uri: options.client.redirectUri,
    scope: 'openid email offline_access',
    prompt: 'consent',
    state: 'bench',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const callback = await followToCallback(lane, `${PATHS.authorize}?${query.toString()}`, options);
  const code = callback.searchParams.get('code');
  if (code === null) throw new Error(`no code at the callback: ${callback.search}`);
  return { code, verifier };
}

/** The client's part: its code against tokens. */
export function redeem(
  lane: Pick<Lane, 'request'>,
  client: BenchClient,
  { code, verifier }: Authorized,
): Promise<Answer> {
  return lane.request(PATHS.token, {
    method: 'POST',
    headers: basic(client),
    form: {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
    },
  });
}

async function followToCallback(lane: Lane, start: string, options: SignInOptions): Promise<URL> {
  let path = start;
  let answer = await lane.request(path);
  for (let step = 0; step < FORM_STEPS_MAX; step += 1) {
    if (answer.location !== undefined) {
      if (answer.location.startsWith(options.client.redirectUri)) return new URL(answer.location);
      const next = new URL(answer.location, 'http://bench');
      path = next.pathname + next.search;
      answer = await lane.request(path);
    } else if (answer.status === 200) {
      answer = await lane.request(path, { method: 'POST', form: fillForm(answer.body, options) });
    } else {
      throw new Error(`${path} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    }
  }
  throw new Error(`no end of pages at ${path}`);
}

/** What a person would send: the hidden fields as they are, name and password, the primary button. */
function fillForm(html: string, { login, password }: SignInOptions): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*>/gu)) {
    const name = attribute(tag, 'name');
    if (attribute(tag, 'type') === 'hidden') fields[name] = attribute(tag, 'value');
    if (name === 'login') fields[name] = login;
    if (name === 'password') fields[name] = password;
  }
  return { ...fields, action: 'continue' };
}

function attribute(tag: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`, 'u').exec(tag)?.[1] ?? '';
}

/** HTTP Basic authentication of a client (RFC 6749 section 2.3.1). */
export function basic({ id, secret }: BenchClient): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

/** The tokens of a 200; anything else ends the run. */
export function readTokens(answer: Answer): TokenAnswer {
  if (answer.status !== 200) {
    throw new Error(`the token endpoint answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  }
  const tokens: TokenAnswer = JSON.parse(answer.body);
  return tokens;
}
