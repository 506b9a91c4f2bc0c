import { z } from 'zod';
import { isDocumentUrl } from '../../clients/documents/document-url.ts';
import { duration } from '../../config/values.ts';
import type { Feature } from './feature.ts';

const HOST = /^(?:\*|(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?)$/;

/** Clients that nobody registered, whose id is the URL of a document (draft-ietf-oauth-client-id-metadata-document). */
export const clientIdMetadataConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'A client_id may be the https URL of a document that describes the client (Client ID Metadata Documents): it need not be registered.',
      ),
    hosts: z
      .array(z.string().regex(HOST, { error: 'expected a host such as "app.example.com", or "*"' }))
      .max(1000)
      .default([])
      .describe('Hosts whose documents are read; "*": of all.'),
    blocked: z
      .array(z.string().refine(isDocumentUrl, { error: 'expected the URL of a document' }))
      .max(1000)
      .default([])
      .describe('Documents that are not read all the same.'),
    apis: z
      .array(z.string().min(1).max(255))
      .max(100)
      .optional()
      .describe('APIs that such clients may ask for; left out: any that is not restricted.'),
    refresh: duration('1h').describe(
      'How long a document is used at most before it is read again; its Cache-Control may say less, down to a minute.',
    ),
    keep: duration('7d').describe('How much longer it is used while its host does not answer.'),
  })
  .prefault({});

/** APIs that nobody declares, and documents that are on while none would be read. */
export function clientIdMetadataProblems({
  apis,
  protocol,
}: {
  readonly apis: readonly { readonly identifier: string }[];
  readonly protocol: { readonly clientIdMetadata: z.output<typeof clientIdMetadataConfig> };
}): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const path = ['protocol', 'clientIdMetadata'];
  const { enabled, hosts, apis: named = [] } = protocol.clientIdMetadata;
  const known = new Set(apis.map(({ identifier }) => identifier));
  const unknown = named.flatMap((name, index) =>
    known.has(name)
      ? []
      : [{ path: [...path, 'apis', index], message: `no API has the identifier ${name}` }],
  );
  const none = { path: [...path, 'hosts'], message: 'must name at least one host, or "*"' };
  return enabled && hosts.length === 0 ? [none, ...unknown] : unknown;
}

/** Looking such clients up is the work of the clients room: here it is announced. */
export function clientIdMetadata({
  enabled,
}: z.output<typeof clientIdMetadataConfig>): Feature | undefined {
  return enabled ? { announced: { client_id_metadata_document_supported: true } } : undefined;
}
