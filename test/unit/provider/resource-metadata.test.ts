import { describe, expect, test } from 'vitest';
import { apisConfig } from '../../../src/clients/config.ts';
import { createResourceServers } from '../../../src/clients/resource-servers.ts';
import {
  resourceMetadata,
  resourceMetadataProblems,
} from '../../../src/provider/resource-metadata.ts';

const ISSUER = 'https://example.com/id';

function apisOf(...identifiers: readonly string[]): ReturnType<typeof apisConfig.parse> {
  const common = { name: 'Notes', scopes: { read: 'Read' }, publishMetadata: true };
  return apisConfig.parse(identifiers.map((identifier) => ({ ...common, identifier })));
}

describe('the metadata of APIs behind our host (RFC 9728)', () => {
  test.each([
    ['https://example.com', '/.well-known/oauth-protected-resource'],
    ['https://example.com/', '/.well-known/oauth-protected-resource'],
    ['https://example.com/mcp', '/.well-known/oauth-protected-resource/mcp'],
    ['https://example.com/a/b/', '/.well-known/oauth-protected-resource/a/b/'],
  ])('of %s is at %s, and begins with what it is about', (identifier, path) => {
    const servers = createResourceServers(apisOf(identifier)).list();
    expect([...resourceMetadata(servers, { issuer: ISSUER })]).toStrictEqual([
      [
        path,
        {
          resource: identifier,
          resource_name: 'Notes',
          authorization_servers: [ISSUER],
          bearer_methods_supported: ['header'],
          scopes_supported: ['read'],
          dpop_signing_alg_values_supported: undefined,
        },
      ],
    ]);
  });

  test('is published of those alone that want it', () => {
    const [api] = apisConfig.parse([{ identifier: 'https://example.com/mcp', name: 'Notes' }]);
    const servers = createResourceServers(api === undefined ? [] : [api]).list();
    expect(servers).toHaveLength(1);
    expect(resourceMetadata(servers, { issuer: ISSUER }).size).toBe(0);
  });

  test.each([
    ['elsewhere', 'https://api.example.com/mcp'],
    ['at another port', 'https://example.com:8443/mcp'],
    ['with a query', 'https://example.com/mcp?a=b'],
    ['that is no URL', 'notes'],
  ])('cannot be published of an API %s', (_, identifier) => {
    const problems = resourceMetadataProblems({ issuer: ISSUER, apis: apisOf(identifier) });
    expect(problems).toMatchObject([{ path: ['apis', 0, 'publishMetadata'] }]);
    const here = apisOf('https://example.com/mcp');
    expect(resourceMetadataProblems({ issuer: ISSUER, apis: here })).toStrictEqual([]);
  });
});
