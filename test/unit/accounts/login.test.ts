import { describe, expect, test } from 'vitest';
import { foldEmail, foldLogin, foldUsername } from '../../../src/accounts/login.ts';

describe('usernames', () => {
  test.each([
    ['Alice', 'alice'],
    ['ａｌｉｃｅ', 'alice'],
    ['Ἀλέξανδρος', 'ἀλέξανδροσ'],
    ['JOSÉ', 'josé'],
    ['李小龙', '李小龙'],
    ['anna-maria.b_2', 'anna-maria.b_2'],
  ])('%s folds to %s', (name, key) => {
    expect(foldUsername(name)).toBe(key);
  });

  test.each([
    ['empty', ''],
    ['with a space', 'alice smith'],
    ['with an @', 'alice@example.com'],
    ['with a zero-width joiner', 'ali\u200Dce'],
    ['with a right-to-left override', 'alice\u202E'],
    ['with a null', 'alice\0'],
    ['Cyrillic among Latin letters', 'pаypal'],
    ['Greek among Latin letters', 'οffice'],
    ['ending in a dot', 'alice.'],
    ['beginning with a dash', '-alice'],
    ['beginning with a combining mark', '\u0301alice'],
    ['an emoji', '🙂'],
    ['too long', 'a'.repeat(65)],
    ['too long once folded', 'ﷺ'.repeat(5)],
    ['a markup', '<b>'],
  ])('a name %s is refused', (_, name) => {
    expect(foldUsername(name)).toBeUndefined();
  });
});

describe('e-mail addresses', () => {
  test.each([
    ['Alice@Example.COM', 'alice@example.com'],
    ['alice+latchkey@example.com', 'alice+latchkey@example.com'],
    ["o'neill@example.ie", "o'neill@example.ie"],
    ['info@bücher.example', 'info@xn--bcher-kva.example'],
    ['info@xn--bcher-kva.example', 'info@xn--bcher-kva.example'],
    ['root@localhost', 'root@localhost'],
    ['用户@例子.example', '用户@xn--fsqu00a.example'],
  ])('%s folds to %s', (email, key) => {
    expect(foldEmail(email)).toBe(key);
  });

  test.each([
    ['two @', 'alice@evil.example@example.com'],
    ['no local part', '@example.com'],
    ['no host', 'alice@'],
    ['a space', 'alice smith@example.com'],
    ['quotes', '"alice"@example.com'],
    ['a line break', 'alice@example.com\nBcc: eve@example.com'],
    ['an address literal', 'alice@[127.0.0.1]'],
    ['a number for a host', 'alice@127.1'],
    ['a percent-encoded host', 'alice@ex%61mple.com'],
    ['full-width letters', 'ａlice@example.com'],
    ['a full-width stop', 'alice@example．com'],
    ['Cyrillic among Latin letters', 'аlice@example.com'],
    ['two dots', 'ali..ce@example.com'],
    ['an empty label', 'alice@example..com'],
    ['a trailing dot', 'alice@example.com.'],
    ['an underscore in the host', 'alice@ex_ample.com'],
    ['a name and brackets', 'Alice <alice@example.com>'],
    ['a local part over 64 characters', `${'a'.repeat(65)}@example.com`],
    ['over 254 characters', `alice@${'a.'.repeat(130)}com`],
  ])('an address with %s is refused', (_, email) => {
    expect(foldEmail(email)).toBeUndefined();
  });
});

test('spaces around what was typed do not count', () => {
  expect(foldLogin('  Alice ')).toEqual({ kind: 'username', key: 'alice' });
  expect(foldLogin('Alice@example.com\t')).toEqual({ kind: 'email', key: 'alice@example.com' });
});
