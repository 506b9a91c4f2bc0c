import type { Client } from '../clients/clients.ts';
import type { JsonObject } from '../runtime/json.ts';

/**
 * The sector of a client with pairwise subjects: the host of its `sector_identifier_uri`, or of its redirect URIs
 * (OpenID Connect Core section 8.1), or of its keys if nobody is sent back to it. Undefined: its subjects are public.
 */
export function sectorOf({ metadata }: Pick<Client, 'metadata'>): string | undefined {
  if (metadata['subject_type'] !== 'pairwise') return undefined;
  const [first] = textsIn(metadata, 'redirect_uris');
  const uri = textIn(metadata, 'sector_identifier_uri') ?? first ?? textIn(metadata, 'jwks_uri');
  return uri === undefined ? undefined : URL.parse(uri)?.host;
}

/** Of all clients with pairwise subjects, each once. */
export function sectorsOf(clients: readonly Pick<Client, 'metadata'>[]): readonly string[] {
  return [...new Set(clients.map(sectorOf))].filter((sector) => sector !== undefined);
}

function textIn(metadata: JsonObject, name: string): string | undefined {
  const value = metadata[name];
  return typeof value === 'string' ? value : undefined;
}

function textsIn(metadata: JsonObject, name: string): readonly string[] {
  const value = metadata[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
