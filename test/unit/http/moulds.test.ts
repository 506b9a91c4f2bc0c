import { expect, test } from 'vitest';
import { createMoulds } from '../../../src/http/moulds.ts';
import type { Renderer } from '../../../src/http/renderer.ts';
import { openViews } from '../../../src/http/views.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';

const NAMELESS = {
  name: 'App',
  host: '',
  uri: '',
  site: '',
  logoUri: '',
  policyUri: '',
  tosUri: '',
};
const PAGE = {
  client: NAMELESS,
  again: 'no',
  methods: { password: true, passkey: true, emailCode: true },
  passkeyUrl: '/interaction/a/passkey',
  problem: { kind: 'none' },
  login: '',
  remember: false,
  back: '',
  joinUrl: '/interaction/a/join',
  recoverUrl: '/recover',
  csrf: 'token-a',
};
const WORDS = ['csrf', 'passkeyUrl', 'joinUrl', 'back'];

/** Our pages, with each rendering written down. */
async function counted(): Promise<{ readonly renderer: Renderer; readonly rendered: string[] }> {
  const { renderer } = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
  const rendered: string[] = [];
  const render: Renderer['render'] = (name, data, languages) => {
    rendered.push(name);
    return renderer.render(name, data, languages);
  };
  return { renderer: { render }, rendered };
}

const other = (token: string): typeof PAGE => ({
  ...PAGE,
  csrf: token,
  passkeyUrl: '/interaction/b/passkey',
  joinUrl: `/interaction/b/join?x=1&y="'<>`,
});

test('a page from the mould is the page that is rendered, byte for byte', async () => {
  const { renderer } = await counted();
  const moulds = createMoulds(renderer);
  for (const language of ['en', 'de'])
    for (const page of [PAGE, other('token-b'), { ...other('c'), back: '/interaction/b' }])
      for (const more of [{}, { again: 'asked' }, { client: { ...NAMELESS, name: '<App>' } }])
        expect(await moulds.render('sign-in', { ...page, ...more }, WORDS, [language])).toBe(
          await renderer.render('sign-in', { ...page, ...more }, [language]),
        );
});

test('words may lie in an object: whose page it is makes no difference', async () => {
  const { renderer, rendered } = await counted();
  const moulds = createMoulds(renderer);
  const page = {
    client: NAMELESS,
    another: '',
    shown: 's',
    scopes: [],
    claims: [],
    resources: [],
    details: [],
  };
  const accounts = [
    { name: 'Alice <A>', login: 'alice', initial: 'A' },
    { name: 'Bob', login: 'bob', initial: '&' },
    { name: 'carol', login: '', initial: 'C' },
  ];
  for (const [csrf, account] of accounts.entries()) {
    const whole = { ...page, account, csrf: `token-${csrf}` };
    expect(await moulds.render('consent', whole, ['account', 'csrf', 'shown'], ['de'])).toBe(
      await renderer.render('consent', whole, ['de']),
    );
  }
  // Each by the test itself, and one for those with a login and one for her without.
  expect(rendered).toHaveLength(3 + 2);
});

test('it is rendered once for each client and language, whatever the words', async () => {
  const { renderer, rendered } = await counted();
  const moulds = createMoulds(renderer);
  for (const token of ['a', 'b', 'c']) await moulds.render('sign-in', other(token), WORDS, ['en']);
  expect(rendered).toHaveLength(1);
  await moulds.render('sign-in', other('a'), WORDS, ['de']);
  await moulds.render('sign-in', { ...PAGE, client: { ...NAMELESS, name: 'B' } }, WORDS, ['en']);
  expect(rendered).toHaveLength(3);
});

test('a template that does more with a word than print it has its page rendered each time', async () => {
  const render: Renderer['render'] = async (name, data) => {
    const word = String(Object.entries(data)[0]?.[1]);
    return name === 'page' ? word.toUpperCase() : `${word} ${word.toUpperCase()}`;
  };
  const moulds = createMoulds({ render });
  for (const csrf of ['one', 'two']) {
    expect(await moulds.render('page', { csrf }, ['csrf'], [])).toBe(csrf.toUpperCase());
    const both = `${csrf} ${csrf.toUpperCase()}`;
    expect(await moulds.render('both', { csrf }, ['csrf'], [])).toBe(both);
  }
});

test('a page that many languages are asked for keeps no more than a few', async () => {
  const { renderer, rendered } = await counted();
  const moulds = createMoulds(renderer);
  for (let round = 0; round < 201; round += 1)
    await moulds.render('sign-in', PAGE, WORDS, [`x-${round}`]);
  await moulds.render('sign-in', PAGE, WORDS, ['x-200']);
  expect(rendered).toHaveLength(201);
  await moulds.render('sign-in', PAGE, WORDS, ['x-0']);
  expect(rendered).toHaveLength(202);
});
