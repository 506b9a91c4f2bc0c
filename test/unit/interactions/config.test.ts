import { expect, test } from 'vitest';
import { pagesConfig } from '../../../src/interactions/config.ts';

test('pages have a name, a logo, colours, and all languages by default', () => {
  expect(pagesConfig.parse({})).toEqual({
    name: 'Latchkey',
    logo: 'logo.svg',
    colours: { accent: '#3552d9', accentDark: '#7c93ff' },
    languages: [],
  });
});

test.each([
  { colours: { accent: 'red' } },
  { colours: { accent: '#fff' } },
  { colours: { accent: '#3552d9; } body { display: none' } },
  { logo: 'http://cdn.example/logo.png' },
  { logo: 'javascript:alert(1)' },
  { logo: '../secret.png' },
  { languages: ['English'] },
  { languages: ['../en'] },
  { name: '' },
])('%j is refused', (given) => {
  expect(pagesConfig.safeParse(given).success).toBe(false);
});
