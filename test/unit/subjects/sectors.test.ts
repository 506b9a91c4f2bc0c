import { describe, expect, test } from 'vitest';
import { sectorOf, sectorsOf } from '../../../src/subjects/sectors.ts';

const pairwise = (more: object): { readonly metadata: Record<string, string | string[]> } => ({
  metadata: { subject_type: 'pairwise', ...more },
});

describe('the sector of a client', () => {
  test('is the host of its list of URIs, else of its redirect URIs, else of its keys', () => {
    const redirect_uris = ['https://app.example:8443/callback'];
    const jwks_uri = 'https://keys.example/jwks';
    const sector_identifier_uri = 'https://sector.example/uris.json';
    expect(sectorOf(pairwise({ redirect_uris, jwks_uri, sector_identifier_uri }))).toBe(
      'sector.example',
    );
    expect(sectorOf(pairwise({ redirect_uris, jwks_uri }))).toBe('app.example:8443');
    expect(sectorOf(pairwise({ jwks_uri }))).toBe('keys.example');
  });

  test('is none where subjects are public', () => {
    const metadata = { redirect_uris: ['https://app.example/callback'] };
    expect(sectorOf({ metadata })).toBeUndefined();
    expect(sectorsOf([{ metadata }])).toEqual([]);
  });
});
