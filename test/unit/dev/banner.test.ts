import { expect, test } from 'vitest';
import { banner } from '../../../src/dev/banner.ts';
import { settingsSchema } from '../../../src/settings.ts';

const text = (issuer: string, port: number): string =>
  banner(settingsSchema.parse({ profile: 'dev', issuer }), { port, authorityFile: undefined });

test('whoever changed the issuer alone is told on which port the node listens', () => {
  expect(text('http://localhost:4100', 4000)).toContain(
    'LISTENS ON PORT 4000: set http.listen.port to 4100, unless a proxy leads from there to here',
  );
  expect(text('https://localhost', 8443)).toContain('set http.listen.port to 443');
});

test.each([
  ['http://localhost:4000', 4000],
  ['http://localhost', 80],
  ['https://localhost', 443],
])('nothing is said of the port where %s leads to the node', (issuer, port) => {
  expect(text(issuer, port)).not.toContain('LISTENS');
});
