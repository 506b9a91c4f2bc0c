import { beforeAll, describe, expect, test } from 'vitest';
import { ACTIVITY_TYPES, wordOf } from '../../../src/account-page/activity.ts';
import type { Frame, OutsidePages, Pages } from '../../../src/account-page/pages.ts';
import type { FactorKind } from '../../../src/factors/factors.ts';
import { openViews, type Views } from '../../../src/http/views.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';

const EVIL = `"><script>alert('x')</script>`;
const AT = 1_800_000_000;
const ME = { name: `Al <b> ${EVIL}`, login: 'al@example.com', initial: 'A', picture: '' };
const FRAME: Frame = { section: 'overview', me: ME, csrf: 'token', done: '' };
const DEVICE = { browser: 'Firefox', system: 'Linux', picture: 'computer' } as const;
const UNKNOWN = { browser: '', system: '', picture: 'unknown' } as const;
const NONE = { kind: 'none' } as const;
const EVENT = {
  what: 'signed-in',
  at: AT,
  device: DEVICE,
  address: '192.0.2.1',
  client: EVIL,
  isAlarming: false,
};
const LIMITS: Pages['account/activity']['limits'] = (
  ['password', 'totp', 'recovery-code', 'email-code'] as const
).map((what, index) => ({
  what,
  who: index % 2 === 0 ? 'strangers' : 'acquaintances',
  login: what === 'password' ? EVIL : '',
  failures: 3 + index,
  max: 6,
  isReached: index === 3,
}));
const PASSKEY = {
  url: '/account/passkeys/x',
  name: EVIL,
  device: 'YubiKey 5',
  picture: 'security-key',
  createdAt: AT,
  lastUsedAt: AT,
  isSynced: true,
} as const;
const OVERVIEW: Pages['account/overview'] = {
  email: 'al@example.com',
  isEmailVerified: true,
  hasPassword: true,
  passkeys: 2,
  hasApp: true,
  recoveryCodes: 1,
  sessions: 1,
  clients: 1,
  advice: ['verify-email', 'passkey', 'app', 'recovery-codes'].map((what) => ({ what, url: '/x' })),
  events: [EVENT, { ...EVENT, address: '', device: UNKNOWN, client: '', isAlarming: true }],
};
const PROFILE: Pages['account/profile'] = {
  email: '',
  isEmailVerified: false,
  values: { name: EVIL, picture: 'https://x.example/y', locale: 'fr' },
  languages: [{ tag: 'en', name: 'English' }],
  attributes: (['string', 'number', 'boolean', 'date', 'enum', 'list'] as const).map((type) => ({
    name: type,
    type,
    value: '',
    values: ['a'],
    isRequired: false,
    isWrong: true,
  })),
  wrong: ['picture'],
};
const QR = { size: 4, path: 'M0 0h1v1z' };
const APP = {
  isReplacing: false,
  qr: QR,
  key: 'ABCD',
  uri: 'otpauth://x',
  action: '/a',
  problem: NONE,
};
const CLIENT: Pages['account/clients']['clients'][number] = {
  id: 'shop',
  name: EVIL,
  initial: 'S',
  logo: 'https://cdn.example/logo.png',
  uri: 'https://shop.example',
  site: 'shop.example',
  startUri: 'https://shop.example/start?iss=x',
  partOf: EVIL,
  isOwn: false,
  scopes: [{ message: 'scope.email', text: '' }],
  claims: [{ message: '', text: 'cost_centre' }],
  resources: [{ name: 'API', scopes: [{ description: 'Read it' }] }],
  since: AT,
  lastUsedAt: AT,
};
const OWN_CLIENT = {
  ...CLIENT,
  startUri: '',
  logo: '',
  site: '',
  uri: '',
  scopes: [],
  claims: [],
  resources: [],
};

type Of<All> = { readonly [Name in keyof All]: readonly All[Name][] };

/** Every page in every state that changes what its template does. */
const STATES: Of<Pages> = {
  'account/overview': [
    OVERVIEW,
    {
      ...OVERVIEW,
      isEmailVerified: false,
      hasPassword: false,
      passkeys: 0,
      hasApp: false,
      recoveryCodes: 0,
      sessions: 3,
      clients: 0,
      advice: [],
      events: [],
    },
    { ...OVERVIEW, email: '' },
  ],
  'account/profile': [PROFILE, { ...PROFILE, email: 'al@example.com', wrong: [], attributes: [] }],
  'account/email': [
    { email: '', isEmailVerified: false, typed: '', problem: NONE },
    { email: 'a@x.example', isEmailVerified: true, typed: EVIL, problem: { kind: 'refused' } },
    { email: 'a@x.example', isEmailVerified: false, typed: '', problem: { kind: 'incomplete' } },
  ],
  'account/email-code': [
    { typed: EVIL, problem: NONE },
    { typed: 'x', problem: { kind: 'throttled', unit: 'minutes', count: 3 } },
  ],
  'account/security': [
    {
      hasPassword: true,
      passkeys: [PASSKEY, { ...PASSKEY, device: '', lastUsedAt: 0, isSynced: false }],
      arePasskeysOffered: true,
      appSince: AT,
      appUsedAt: AT,
      recoveryCodes: 10,
    },
    {
      hasPassword: false,
      passkeys: [],
      arePasskeysOffered: false,
      appSince: 0,
      appUsedAt: 0,
      recoveryCodes: 0,
    },
  ],
  'account/password': [
    { hasPassword: true, login: EVIL, canRemove: true, problems: [], hint: '' },
    {
      hasPassword: false,
      login: 'al',
      canRemove: false,
      problems: [{ message: 'password.tooShort', count: 8 }],
      hint: 'password.hint.longer',
    },
  ],
  'account/passkey-add': [
    { challengeUrl: '/x', action: '/y', problem: NONE },
    { challengeUrl: '/x', action: '/y', problem: { kind: 'refused' } },
  ],
  'account/passkey': [
    { passkey: PASSKEY, canRemove: true, isNameWrong: false },
    { passkey: { ...PASSKEY, device: '', lastUsedAt: 0 }, canRemove: false, isNameWrong: true },
  ],
  'account/authenticator': [APP, { ...APP, isReplacing: true, problem: { kind: 'refused' } }],
  'account/authenticator-remove': [{}],
  'account/recovery-codes': [
    { left: 0, codes: [], download: '' },
    { left: 3, codes: [], download: '' },
    { left: 1, codes: ['AAAA-BBBB'], download: 'data:text/plain,AAAA' },
  ],
  'account/devices': [
    {
      sessions: [true, false].map((isHere) => ({
        uid: 'x',
        device: DEVICE,
        address: '192.0.2.1',
        signedInAt: AT,
        lastSeenAt: AT,
        isHere,
      })),
      remembered: [{ id: 'x', device: UNKNOWN, createdAt: AT, lastUsedAt: AT, expiresAt: AT }],
    },
    { sessions: [], remembered: [] },
  ],
  'account/clients': [
    { clients: [CLIENT, OWN_CLIENT, { ...OWN_CLIENT, since: 0, lastUsedAt: 0 }] },
    { clients: [] },
  ],
  'account/requests': [
    {
      requests: [
        {
          ...OWN_CLIENT,
          id: 'r-1',
          logo: 'https://cdn.example/logo.png',
          site: 'shop.example',
          message: EVIL,
          expiresAt: AT,
          scopes: [{ message: 'scope.email', text: '' }],
          claims: [{ message: '', text: 'cost_centre' }],
          resources: [],
          details: [
            { type: 'x', name: EVIL, description: EVIL, fields: [{ label: EVIL, values: [EVIL] }] },
          ],
        },
        { ...OWN_CLIENT, id: 'r-2', message: '', expiresAt: AT, details: [] },
      ],
      problem: NONE,
    },
    { requests: [], problem: { kind: 'gone' } },
    { requests: [], problem: { kind: 'more-proof' } },
  ],
  'account/activity': [
    { events: [EVENT], limits: LIMITS, days: 90, older: '/older', isFirst: false },
    { events: [], limits: [], days: 1, older: '', isFirst: true },
  ],
  'account/data': [{ mayDelete: true }, { mayDelete: false }],
  'account/delete': [
    { login: EVIL, isWrong: false },
    { login: 'al', isWrong: true },
  ],
};
const OUTSIDE: Of<OutsidePages> = {
  'account/not-signed-in': [{}],
  'account/password-changed': [{}],
  'account/deleted': [{}],
  'account/email-link': [
    { code: '', url: '/x', csrf: '' },
    { code: '123456', url: '/x', csrf: '' },
    { code: '123456', url: '/x', csrf: 'token' },
  ],
  'account/restore': (['not-me', 'email-change-undo'] as const).flatMap((kind) =>
    (['asks', 'done', 'gone'] as const).map((state) => ({ kind, state, email: EVIL, csrf: 'x' })),
  ),
};

let views: Views;
beforeAll(async () => {
  views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
});

async function expectWhole(name: string, data: object): Promise<void> {
  for (const language of views.languages) {
    const html = await views.renderer.render(name, data, [language]);
    expect(html).toContain(`<html lang="${language}"`);
    expect(html).not.toMatch(/\{\{|\{%|undefined|\[object|\{\w+\}/u);
    expect(html).not.toContain('<b>');
    expect(html).not.toContain('<script>alert');
  }
}

describe('every page of the account, in every language', () => {
  test.each(Object.entries(STATES))('%s', async (name, states) => {
    for (const data of states) {
      await expectWhole(name, { ...data, ...FRAME });
      const me = { ...ME, picture: 'https://img.example/me.png' };
      await expectWhole(name, { ...data, ...FRAME, me, section: 'security', done: 'profile' });
    }
  });

  test.each(Object.entries(OUTSIDE))('%s', async (name, states) => {
    for (const data of states) await expectWhole(name, data);
  });

  test('has words for whatever can have happened', async () => {
    const factors: readonly FactorKind[] = [
      'passkey',
      'totp',
      'recovery_code',
      'email_code',
      'remembered_device',
    ];
    const words = ACTIVITY_TYPES.flatMap((type) =>
      type.startsWith('factor.')
        ? factors.map((factor) => wordOf(type, factor))
        : [wordOf(type, undefined)],
    );
    expect(words.length).toBeGreaterThan(30);
    const events = words.map((what) => ({ ...EVENT, what }));
    const page = { events, limits: LIMITS, days: 90, older: '', isFirst: true };
    await expectWhole('account/activity', { ...page, ...FRAME });
  });

  test('says what happened, when and where, and what would be worth doing', async () => {
    const html = await views.renderer.render('account/overview', { ...OVERVIEW, ...FRAME }, ['en']);
    expect(html).toContain('Keep recovery codes');
    expect(html).toContain('Signed in: ');
    expect(html).toContain('By the people who run this service');
    expect(html).toContain('<time datetime="2027-01-15T08:00:00.000Z" data-local>');
  });
});
