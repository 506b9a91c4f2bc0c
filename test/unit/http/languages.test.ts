import { expect, test } from 'vitest';
import { acceptedLanguages, chooseLanguage } from '../../../src/http/languages.ts';

test('languages come in the order of their quality, refused ones not at all', () => {
  expect(acceptedLanguages('fr;q=0.2, de-AT, en;q=0.8, it;q=0')).toEqual(['de-AT', 'en', 'fr']);
});

test('what is no language is left out', () => {
  expect(acceptedLanguages('*, <script>, de;q=x, ')).toEqual([]);
  expect(acceptedLanguages(undefined)).toEqual([]);
});

test('a tag takes the catalog of its language when its region has none', () => {
  expect(chooseLanguage(['de-AT-1996'], ['en', 'de'])).toBe('de');
  expect(chooseLanguage(['pt-br'], ['en', 'pt', 'pt-BR'])).toBe('pt-BR');
});

test('the first wanted language that there is wins', () => {
  expect(chooseLanguage(['fr', 'de', 'en'], ['en', 'de'])).toBe('de');
  expect(chooseLanguage(['fr'], ['en', 'de'])).toBeUndefined();
});
