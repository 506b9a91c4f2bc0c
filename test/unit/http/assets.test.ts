import { expect, test } from 'vitest';
import { createAssets } from '../../../src/http/assets.ts';

const css = (text: string): { readonly name: string; readonly content: Buffer } => ({
  name: 'page.css',
  content: Buffer.from(text),
});

test('an asset is kept for ever under a name that changes with its content', () => {
  const [one, other] = ['a{}', 'b{}'].map((text) => createAssets([css(text)]));
  const path = one?.path('page.css') ?? '';
  expect(path).toMatch(/^\/assets\/page\.[0-9a-f]{12}\.css$/);
  expect(other?.path('page.css')).not.toBe(path);
  expect(one?.document(path)).toMatchObject({
    contentType: 'text/css; charset=utf-8',
    cacheControl: 'public, max-age=31536000, immutable',
  });
});

test('under its plain name it is kept for minutes', () => {
  expect(createAssets([css('a{}')]).document('/assets/page.css')?.cacheControl).toBe(
    'public, max-age=300',
  );
});

test('the theme’s file of one name wins', () => {
  const assets = createAssets([css('ours'), css('theirs')]);
  expect(String(assets.document('/assets/page.css')?.body)).toBe('theirs');
});

test('what browsers need not have is not served', () => {
  const assets = createAssets([{ name: 'notes.txt', content: Buffer.from('x') }, css('a{}')]);
  expect(assets.path('notes.txt')).toBeUndefined();
  expect(assets.document('/assets/../page.css')).toBeUndefined();
});
