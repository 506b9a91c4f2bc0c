import { createServer, type Server } from 'node:http';
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import Koa, { type Context } from 'koa';
import {
  createVerifier,
  type Verifier,
  type VerifierOptions,
} from '../../../verifier/src/index.ts';
import { revocationConfig } from '../../../src/revocation/config.ts';
import type { FollowerPosition } from '../../../src/revocation/feed-positions.ts';
import { createFeed } from '../../../src/revocation/feed.ts';
import type { SignFeed } from '../../../src/revocation/feed-publisher.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { logger, type Node } from '../revocation/fixture.ts';

export const API = 'https://api.example.com';
const TOKEN_SECONDS = 900;

/** An issuer with keys, discovery, introspection and a feed, over one node's revocations. */
export interface TestIssuer {
  readonly url: string;
  readonly port: number;
  /** What the feed's requests carried, newest last. */
  readonly authorizations: string[];
  sign: SignFeed;
  /** A token stamped now. */
  issue(
    claims?: JWTPayload,
    header?: { typ?: string; alg?: string; kid?: string },
  ): Promise<string>;
  verifier(options?: Partial<VerifierOptions>): Verifier;
  /** What introspection says of every token. */
  isActive: boolean | 'down';
  /** What it says of active ones beyond that. */
  introspected: JWTPayload;
  /** How often it was asked. */
  introspections: number;
  /** How often the feed and its snapshot were asked for. */
  feedRequests: number;
  /** Who follows the feed, and how far each is. */
  followers(): readonly FollowerPosition[];
  /** The keys that are published; changed, older ones are withdrawn. */
  keys: readonly object[];
  close(): Promise<void>;
}

interface FeedSettings {
  readonly public?: boolean;
  readonly followersMax?: number;
}

export async function startIssuer(
  node: Node,
  feedSettings: FeedSettings = { public: true },
): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const kid = randomId(6);
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  const app = new Koa();
  // That a follower is gone is no news: tests cut them off.
  app.silent = true;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  const url = `http://127.0.0.1:${port}`;
  const authorizations: string[] = [];
  const verifiers: Verifier[] = [];
  const sign: SignFeed = (payload, typ) =>
    new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', kid, typ })
      .sign(privateKey);

  const issuer: TestIssuer = {
    url,
    port,
    authorizations,
    sign,
    isActive: true,
    introspected: {},
    introspections: 0,
    feedRequests: 0,
    followers: () => feed.positions.list(),
    keys: [jwk],
    issue: (claims = {}, header = {}) =>
      new SignJWT({
        client_id: 'web',
        rev: node.revocation.stamp(),
        jti: randomId(),
        sub: 'alice',
        aud: API,
        iss: url,
        exp: systemClock.now() + TOKEN_SECONDS,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header })
        .setIssuedAt()
        .sign(privateKey),
    verifier(options = {}) {
      const verifier = createVerifier({
        issuer: url,
        audience: API,
        revocation: { whenSilent: 'refuse' },
        ...options,
      });
      verifiers.push(verifier);
      return verifier;
    },
    async close() {
      for (const verifier of verifiers) verifier.close();
      feed.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const feed = createFeed({
    source: node.revocation.feed,
    sign: (payload, typ) => issuer.sign(payload, typ),
    issuer: url,
    clock: systemClock,
    logger,
    settings: revocationConfig.parse({ feed: feedSettings }).feed,
    authorize: (ctx) => {
      authorizations.push(ctx.get('authorization'));
      const isKnown = ctx.get('authorization') !== '';
      if (!isKnown) ctx.status = 401;
      return Promise.resolve(isKnown);
    },
  });
  app.use(documents(issuer));
  app.use(feed.router.routes());
  const handle = app.callback();
  server.on('request', (request, response) => void handle(request, response));
  return issuer;
}

function documents(issuer: TestIssuer): Koa.Middleware {
  const { url } = issuer;
  return async (ctx: Context, next) => {
    if (ctx.path === '/.well-known/openid-configuration') {
      ctx.body = {
        issuer: url,
        jwks_uri: `${url}/jwks`,
        introspection_endpoint: `${url}/introspect`,
      };
    } else if (ctx.path === '/jwks') ctx.body = { keys: issuer.keys };
    else if (ctx.path === '/introspect') introspect(issuer, ctx);
    else {
      issuer.feedRequests += 1;
      await next();
    }
  };
}

function introspect(issuer: TestIssuer, ctx: Context): void {
  const { isActive, introspected } = issuer;
  issuer.introspections += 1;
  if (isActive === 'down') ctx.status = 503;
  else ctx.body = isActive ? { active: true, ...introspected } : { active: false };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening');
  return address.port;
}
