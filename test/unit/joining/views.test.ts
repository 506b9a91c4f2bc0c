import { beforeAll, expect, test } from 'vitest';
import { openViews, type Views } from '../../../src/http/views.ts';
import type { ConfirmEmailPage } from '../../../src/auth0/email-confirmation.ts';
import { rulesOf, type PoolPages } from '../../../src/cognito/hosted/pool-pages.ts';
import type { Pages as JoiningPages, Problem } from '../../../src/joining/pages.ts';
import type { Pages as RecoveryPages } from '../../../src/recovery/pages.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';

const EVIL = `"><script>alert('x')</script>`;
const NONE = { kind: 'none' } as const;
const THROTTLED = { kind: 'throttled', unit: 'minutes', count: 2 } as const;
const csrf = 'token';
const WITHIN = { client: EVIL, csrf: 'token', signInUrl: '/interaction/x/sign-in' };
const WORDS = { problems: [{ message: 'password.tooShort', count: 8 }], hint: '' };
const NO_WORDS = { problems: [], hint: '' };
const DETAILS: JoiningPages['join/details'] = {
  ...WITHIN,
  ...NO_WORDS,
  email: EVIL,
  fields: { name: 'required', username: 'optional' },
  values: { name: EVIL, username: EVIL },
  attributes: [
    { name: 'team', type: 'enum', value: 'a', values: ['a'], isRequired: true, isWrong: true },
  ],
  termsUrl: 'https://example.com/terms',
  ways: { password: true, passkey: true },
  wrong: [],
};
const FACTOR: RecoveryPages['recover/second-factor'] = {
  method: 'totp',
  others: [{ method: 'passkey', url: '/x' }],
  passkeyUrl: '/x/passkey',
  problem: NONE,
  csrf: 'token',
};

const RULES = rulesOf({
  minimumLength: 8,
  requireUppercase: true,
  requireLowercase: true,
  requireNumbers: true,
  requireSymbols: true,
});
const POOL_PROBLEMS: readonly PoolPages['pool/forgot']['problem'][] = [
  ...(['none', 'taken', 'password', 'details', 'code', 'limit'] as const).map((kind) => ({ kind })),
  { kind: 'told', text: EVIL },
];

interface Auth0Pages {
  readonly 'auth0/confirm-email': ConfirmEmailPage;
}
type Pages = JoiningPages & RecoveryPages & Auth0Pages & PoolPages;
type State = {
  readonly [Name in keyof Pages]: readonly [Name, Pages[Name]];
}[keyof Pages];

/** Every page in every state that changes what its template does. */
const STATES: readonly State[] = [
  ...(['none', 'refused', 'incomplete', 'domain', 'busy'] satisfies Problem['kind'][]).map(
    (kind) => ['join/address', { ...WITHIN, typed: EVIL, work: '', problem: { kind } }] as const,
  ),
  ['join/address', { ...WITHIN, typed: '', work: '{"salt":"x"}', problem: THROTTLED }],
  ...(['none', 'refused', 'incomplete'] as const).map(
    (kind) => ['join/code', { ...WITHIN, email: EVIL, problem: { kind } }] as const,
  ),
  ['join/details', DETAILS],
  ['join/details', { ...DETAILS, ...WORDS, wrong: ['name', 'username', 'taken', 'terms', 'team'] }],
  ['join/details', { ...DETAILS, wrong: ['username'], termsUrl: '' }],
  [
    'join/details',
    {
      ...DETAILS,
      fields: { name: 'off', username: 'off' },
      attributes: [],
      ways: { password: false, passkey: true },
    },
  ],
  ['join/details', { ...DETAILS, ways: { password: true, passkey: false } }],
  ...[true, false].map(
    (password) =>
      [
        'join/passkey',
        { ...WITHIN, ...NO_WORDS, email: EVIL, passkeyUrl: '/x', password, problem: NONE },
      ] as const,
  ),
  [
    'join/passkey',
    {
      ...WITHIN,
      ...WORDS,
      email: EVIL,
      passkeyUrl: '/x',
      password: true,
      problem: { kind: 'passkey' },
    },
  ],
  ['join/closed', WITHIN],
  ['join/taken', WITHIN],
  ['join/invitation', { email: EVIL, csrf: 'token' }],
  ['join/invitation', { email: '', csrf: '' }],
  ['auth0/confirm-email', { state: 'ask', email: EVIL, csrf: 'token' }],
  ['auth0/confirm-email', { state: 'done', email: '', csrf: '' }],
  ['auth0/confirm-email', { state: 'gone', email: '', csrf: '' }],
  ['join/done', { isRefused: true }],
  ['join/done', { isRefused: false }],
  ...POOL_PROBLEMS.flatMap((problem): readonly State[] => [
    ['pool/forgot', { login: EVIL, isReset: false, problem, csrf }],
    ['pool/forgot', { login: EVIL, isReset: true, problem, csrf }],
    ...[EVIL, '+*******1234'].map((to): State => [
      'pool/code',
      { to, isOpen: true, problem, signInUrl: '/interaction/x/sign-in', csrf },
    ]),
    ['pool/new-password', { login: EVIL, rules: RULES, problem, csrf }],
    ...[{ byEmail: true }, { byPhone: true }, {}].map((by): State => [
      'pool/sign-up',
      {
        client: EVIL,
        byEmail: false,
        byPhone: false,
        ...by,
        login: EVIL,
        email: EVIL,
        attributes: [{ name: 'family_name', value: EVIL }],
        rules: RULES,
        problem,
        signInUrl: '/interaction/x/sign-in',
        csrf,
      },
    ]),
  ]),
  ['recover/ask', { login: EVIL, problem: NONE, csrf: 'token' }],
  ['recover/ask', { login: '', problem: { kind: 'incomplete' }, csrf: 'token' }],
  ['recover/ask', { login: '', problem: THROTTLED, csrf: 'token' }],
  ['recover/sent', {}],
  ['recover/link', { isGood: true, canAsk: true, csrf: 'token' }],
  ['recover/link', { isGood: false, canAsk: true, csrf: '' }],
  ['recover/link', { isGood: false, canAsk: false, csrf: '' }],
  ['recover/stopped', {}],
  ...(['passkey', 'totp', 'recovery-code'] as const).flatMap((method) =>
    (['none', 'refused', 'incomplete', 'passkey'] as const).map(
      (kind) => ['recover/second-factor', { ...FACTOR, method, problem: { kind } }] as const,
    ),
  ),
  ['recover/second-factor', { ...FACTOR, others: [], problem: THROTTLED }],
  ['recover/stuck', { why: 'passkey' }],
  ['recover/stuck', { why: 'mailbox' }],
  ['recover/new-password', { ...NO_WORDS, login: EVIL, csrf: 'token' }],
  ['recover/new-password', { ...WORDS, login: EVIL, csrf: 'token' }],
  ['recover/new-passkey', { passkeyUrl: '/x', problem: NONE, csrf: 'token' }],
  ['recover/new-passkey', { passkeyUrl: '/x', problem: { kind: 'passkey' }, csrf: 'token' }],
  ['recover/done', { accountUrl: '/account' }],
  ['recover/done', { accountUrl: '' }],
];

let views: Views;
beforeAll(async () => {
  views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
});

test.each(['en', 'de'])(
  'every page is whole in %s, and escapes what comes from outside',
  async (language) => {
    for (const [name, page] of STATES) {
      const html = await views.renderer.render(name, page, [language]);
      expect(html, name).toContain(`<html lang="${language}" dir="ltr">`);
      expect(html, name).not.toMatch(/\{\{|\{%|undefined|\[object|\{\w+\}/u);
      expect(html, name).not.toContain('<script>alert');
    }
  },
);

test('the first action button goes on, and one gives up', async () => {
  for (const [name, page] of STATES) {
    const html = await views.renderer.render(name, page, ['en']);
    const actions = [...html.matchAll(/<button[^>]* name="action" value="(?<value>\w+)"/gu)];
    const values = actions.map(({ groups }) => groups?.['value']);
    if (values.length === 0) continue;
    expect(values, name).toContain('cancel');
    // Where nobody can go on there is only the way back.
    if (name !== 'join/closed' && name !== 'join/taken')
      expect([name, values[0]]).toEqual([name, 'continue']);
  }
});
