import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import type { JWTPayload } from 'jose';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { requireToken as forExpress } from '../../../verifier/src/adapters/express.ts';
import { requireToken as forFastify } from '../../../verifier/src/adapters/fastify.ts';
import { withToken } from '../../../verifier/src/adapters/fetch.ts';
import {
  requireToken as forHono,
  type TokenEnvironment,
} from '../../../verifier/src/adapters/hono.ts';
import { requireToken as forKoa } from '../../../verifier/src/adapters/koa.ts';
import {
  admit,
  fetchTokenRequest,
  type Admission,
  type Requirements,
  type Verifier,
} from '../../../verifier/src/index.ts';
import { answerOf } from '../../support/verdict.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { startIssuer, type TestIssuer } from './fixture.ts';

let site: Site;
let node: Node;
let issuer: TestIssuer;
let verifier: Verifier;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
  issuer = await startIssuer(node);
  verifier = issuer.verifier();
  await vi.waitFor(() => expect(verifier.status().feed).toBe('following'), 60_000);
});
afterAll(async () => {
  await issuer.close();
  await site.close();
});

const needs = { scopes: ['read'] };

/** Answers of an API behind an adapter. */
type Ask = (headers: Record<string, string>) => Promise<Response>;

function serving(listener: () => RequestListener): Ask {
  return async (headers) => {
    const server = createServer(listener());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers });
    const body = await answer.arrayBuffer();
    server.closeAllConnections();
    server.close();
    return new Response(body, answer);
  };
}

const apis: readonly (readonly [string, Ask])[] = [
  [
    'Express',
    serving(() => {
      const app = express();
      app.get('/', forExpress(verifier, needs), (request, response) => {
        response.json((request as { auth?: object }).auth);
      });
      return app;
    }),
  ],
  [
    'Koa',
    serving(() => {
      const app = new Koa();
      app.use(forKoa(verifier, needs));
      app.use((ctx) => {
        ctx.body = ctx.state['auth'];
      });
      const handle = app.callback();
      return (request, response) => void handle(request, response);
    }),
  ],
  [
    'fetch handlers',
    (headers) =>
      withToken(
        verifier,
        (_, claims) => Response.json(claims),
        needs,
      )(new Request('http://api.example', { headers })),
  ],
  [
    'Hono',
    serving(() => {
      const app = new Hono<TokenEnvironment>();
      app.get('/', forHono(verifier, needs), (context) => context.json(context.get('auth')));
      const handle = getRequestListener(app.fetch);
      return (request, response) => void handle(request, response);
    }),
  ],
  [
    'Fastify',
    async (headers) => {
      const app = fastify();
      app.get('/', { onRequest: forFastify(verifier, needs) }, (request) =>
        Promise.resolve((request as { auth?: object }).auth),
      );
      const address = await app.listen({ port: 0, host: '127.0.0.1' });
      const answer = await fetch(address, { headers: { ...headers, connection: 'close' } });
      const body = await answer.arrayBuffer();
      await app.close();
      return new Response(body, answer);
    },
  ],
];

describe.each(apis)('an API on %s', (_, send) => {
  const ask: Ask = (headers) => answerOf(() => send(headers));
  const bearer = async (claims: object) => ({
    authorization: `Bearer ${await issuer.issue({ scope: 'read', ...claims })}`,
  });

  test('gets the claims of a good token', async () => {
    const answer = await ask(await bearer({}));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ sub: 'alice', scopes: ['read'] });
  });

  test.each([[{}], [{ authorization: 'Basic x' }], [{ authorization: 'Bearer a, Bearer b' }]])(
    'asks who comes with %j for a token, and tells no more',
    async (headers) => {
      const answer = await ask(headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    },
  );

  test('refuses a bad token without saying what is wrong with it', async () => {
    const answer = await ask(await bearer({ exp: 1 }));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await answer.json()).toEqual({ error: 'invalid_token' });
  });

  test('refuses a token that lacks a scope, and says which are needed', async () => {
    const answer = await ask(await bearer({ scope: 'write' }));
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="read"',
    );
  });

  test('refuses a revoked token', async () => {
    const headers = await bearer({ gid: 'adapters' });
    await node.revocation.revoke({ kind: 'grant', grantId: 'adapters' }, details);
    await expect.poll(async () => (await ask(headers)).status).toBe(401);
  });
});

describe('what a route asks beyond a good token', () => {
  const ask = async (claims: JWTPayload, requirements: Requirements): Promise<Admission> => {
    const headers = { authorization: `Bearer ${await issuer.issue(claims)}` };
    const request = new Request('http://api.example', { headers });
    for (;;) {
      const admission = await admit(verifier, fetchTokenRequest(request), requirements);
      if (admission.kind !== 'refused' || admission.refusal.status !== 503) return admission;
    }
  };

  test.each([
    [{ scopes: ['read', 'write'] }, { scope: 'write read other' }, { scope: 'read' }],
    [{ roles: ['clerk'] }, { roles: ['boss', 'clerk'] }, { roles: ['boss'] }],
    [{ roles: ['clerk'] }, { roles: 'clerk' }, { roles: { clerk: true } }],
    [{ permissions: ['orders:read'] }, { permissions: ['orders:read'] }, { scope: 'orders:read' }],
  ])('%j is met by %j and not by %j', async (requirements, enough, lacking) => {
    expect((await ask(enough, requirements)).kind).toBe('admitted');
    expect(await ask(lacking, requirements)).toMatchObject({
      kind: 'refused',
      refusal: { status: 403, body: { error: 'insufficient_scope' } },
    });
  });
});

describe('the metadata of an API', () => {
  test('say whose tokens it takes, and are named in challenges', async () => {
    const url = 'https://api.example.com/v1';
    const described = issuer.verifier({ resource: { url, scopes: ['read'], name: 'Orders' } });
    expect(described.resource).toEqual({
      metadataUrl: 'https://api.example.com/.well-known/oauth-protected-resource/v1',
      metadataPath: '/.well-known/oauth-protected-resource/v1',
      metadata: {
        resource: url,
        authorization_servers: [issuer.url],
        bearer_methods_supported: ['header'],
        dpop_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'EdDSA'],
        scopes_supported: ['read'],
        resource_name: 'Orders',
      },
    });
    const answer = await withToken(described, () => new Response())(new Request(url));
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/v1"',
    );
  });

  test('of an API at the root of its host are at the root', () => {
    const { resource } = issuer.verifier({ resource: { url: 'https://api.example.com/' } });
    expect(resource?.metadataPath).toBe('/.well-known/oauth-protected-resource');
  });
});
