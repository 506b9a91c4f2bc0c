import { describe, expect, test } from 'vitest';
import { isDocumentUrl } from '../../../src/clients/documents/document-url.ts';
import { readDocument } from '../../../src/clients/documents/read-document.ts';
import { settingsSchema } from '../../../src/settings.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';

const ID = 'https://app.example.com/client.json';
const DOCUMENT = {
  client_id: ID,
  client_name: 'The app',
  redirect_uris: ['https://app.example.com/callback'],
};

function read(more: JsonObject = {}): ReturnType<typeof readDocument> {
  return readDocument(ID, { ...DOCUMENT, ...more }, { isDev: false });
}

function problemsOf(more: JsonObject): readonly string[] {
  return read(more).problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a client_id that is the URL of a document', () => {
  test.each([ID, 'https://app.example.com:8443/a', 'https://claude.ai/oauth/mcp-client'])(
    'can be %s',
    (id) => expect(isDocumentUrl(id)).toBe(true),
  );

  test.each([
    ['has no path', 'https://app.example.com/'],
    ['has no path at all', 'https://app.example.com'],
    ['is not https', 'http://app.example.com/client.json'],
    ['has a fragment', `${ID}#a`],
    ['has a query', `${ID}?a=b`],
    ['holds a user', 'https://me@app.example.com/client.json'],
    ['has dot segments', 'https://app.example.com/a/../client.json'],
    ['has a port that says nothing', 'https://app.example.com:443/client.json'],
    ['is in upper case', 'https://APP.example.com/client.json'],
    ['is a number for a host', 'https://2130706433/client.json'],
    ['is no URL', 'app'],
    ['is too long', `https://app.example.com/${'a'.repeat(128)}`],
  ])('cannot be one that %s', (_, id) => expect(isDocumentUrl(id)).toBe(false));
});

describe('the document of a client', () => {
  test('describes a public client that people sign in to, unless it says otherwise', () => {
    const { metadata, problems } = read();
    expect(problems).toStrictEqual([]);
    expect(metadata).toStrictEqual({
      client_name: 'The app',
      client_uri: 'https://app.example.com/',
      redirect_uris: ['https://app.example.com/callback'],
      application_type: 'web',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
  });

  test('can have keys, but no secret of any kind', () => {
    expect(
      problemsOf({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: 'https://app.example.com/keys',
      }),
    ).toStrictEqual([]);
    expect(problemsOf({ client_secret: 'a' })).toContain('client_secret: must not be there');
    expect(problemsOf({ token_endpoint_auth_method: 'client_secret_basic' })).toContain(
      'token_endpoint_auth_method: must be none or private_key_jwt',
    );
    expect(problemsOf({ id_token_signed_response_alg: 'HS256' })).toHaveLength(1);
  });

  test('is of the client at its own URL, and of no other', () => {
    expect(problemsOf({ client_id: 'https://other.example.com/client.json' })).toStrictEqual([
      'client_id: must be the URL of the document itself',
    ]);
  });

  test('has redirect URIs like any client', () => {
    expect(problemsOf({ redirect_uris: [] })).toHaveLength(1);
    expect(problemsOf({ redirect_uris: ['http://app.example.com/callback'] })).toHaveLength(1);
    expect(problemsOf({ redirect_uris: ['https://*.example.com/callback'] })).toHaveLength(1);
  });

  test.each([
    ['http://127.0.0.1:3000/callback', 'native'],
    ['http://localhost/callback', 'native'],
    ['com.example.app:/callback', 'native'],
    ['https://app.example.com/callback', 'web'],
  ])('that comes back to %s is %s if it does not say', (uri, type) => {
    const { metadata, problems } = read({ redirect_uris: [uri] });
    expect(problems).toStrictEqual([]);
    expect(metadata['application_type']).toBe(type);
  });

  test('has no grant but those that people give, and none that is not spoken here', () => {
    const { metadata, problems } = read({
      grant_types: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'urn:example:other',
      ],
      response_types: ['code', 'code token'],
    });
    expect(problems).toStrictEqual([]);
    expect(metadata['grant_types']).toStrictEqual(['authorization_code', 'refresh_token']);
    expect(metadata['response_types']).toStrictEqual(['code']);
    expect(problemsOf({ grant_types: ['client_credentials'] })).not.toStrictEqual([]);
  });

  test('cannot link to a page of others, nor show a logo, nor be told of sessions', () => {
    const { metadata } = read({
      client_uri: 'https://bank.example.com/',
      logo_uri: 'https://bank.example.com/logo.png',
      subject_type: 'pairwise',
      backchannel_logout_uri: 'https://bank.example.com/logout',
    });
    expect(metadata['client_uri']).toBe('https://app.example.com/');
    for (const name of ['logo_uri', 'subject_type', 'backchannel_logout_uri'])
      expect(metadata).not.toHaveProperty(name);
    const own = 'https://app.example.com/about';
    expect(read({ client_uri: own }).metadata['client_uri']).toBe(own);
  });
});

describe('the settings of documents', () => {
  function problemsIn(clientIdMetadata: object): unknown {
    const { error } = settingsSchema.safeParse({ profile: 'dev', protocol: { clientIdMetadata } });
    return error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? [];
  }

  test('name hosts and APIs', () => {
    const hosts = ['app.example.com', 'localhost:8443', '*'];
    expect(problemsIn({ enabled: true, hosts, blocked: [ID] })).toStrictEqual([]);
    expect(problemsIn({ enabled: true, apis: ['nothing'] })).toStrictEqual([
      ['protocol.clientIdMetadata.hosts', 'must name at least one host, or "*"'],
      ['protocol.clientIdMetadata.apis.0', 'no API has the identifier nothing'],
    ]);
    expect(problemsIn({ hosts: ['https://app.example.com'], blocked: ['app'] })).toHaveLength(2);
  });
});
