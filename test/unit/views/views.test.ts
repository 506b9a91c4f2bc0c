import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { PasswordProblemKey } from '../../../src/accounts/password-review.ts';
import type { FaultPage } from '../../../src/http/fault-answer.ts';
import { openViews, type Views, type ViewsOptions } from '../../../src/http/views.ts';
import type { InboxLetter } from '../../../src/mail/inbox.ts';
import { createShowPage, type Pages, type SignInPage } from '../../../src/interactions/pages.ts';
import { BOOKING, PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';

const CLIENT = {
  name: 'R&D <b>',
  host: 'app.example',
  logoUri: 'https://cdn.example/logo.png',
  site: 'app.example',
  uri: 'https://app.example',
  policyUri: 'https://app.example/privacy',
  tosUri: 'https://app.example/tos',
};
const BARE_CLIENT = {
  name: 'App',
  host: '',
  logoUri: '',
  site: '',
  uri: '',
  policyUri: '',
  tosUri: '',
};
const ACCOUNT = { name: 'Alice', login: 'alice@example.com', initial: 'A' };
const SIGN_IN: SignInPage = {
  client: CLIENT,
  again: 'no',
  methods: { password: true, passkey: true, emailCode: true },
  passkeyUrl: '/interaction/x/passkey',
  problem: { kind: 'none' },
  login: '',
  remember: false,
  back: '',
  joinUrl: '/interaction/x/join',
  recoverUrl: '/recover',
  csrf: 'token',
};
const CONSENT: Pages['consent'] = {
  client: CLIENT,
  account: ACCOUNT,
  another: '/interaction/x/sign-in',
  shown: '',
  scopes: [
    ...['profile', 'email', 'address', 'phone', 'offline_access'].map((scope) => ({
      message: `scope.${scope}`,
      text: '',
    })),
    { message: '', text: 'invoices:read' },
  ],
  claims: [
    { message: 'claim.birthdate', text: '' },
    { message: '', text: 'cost_centre' },
  ],
  ...BOOKING,
  csrf: 'token',
};

const EMAIL_CODE: Pages['email-code'] = {
  client: CLIENT,
  login: 'alice@example.com',
  problem: { kind: 'none' },
  csrf: 'token',
};
const SECOND_FACTOR: Pages['second-factor'] = {
  client: CLIENT,
  account: ACCOUNT,
  method: 'totp',
  medium: 'email',
  others: [
    { method: 'passkey', url: '/interaction/x?with=passkey' },
    { method: 'totp', url: '/interaction/x?with=totp' },
    { method: 'recovery-code', url: '/interaction/x?with=recovery-code' },
  ],
  passkeyUrl: '/interaction/x/passkey',
  rememberDays: 30,
  problem: { kind: 'none' },
  csrf: 'token',
};
const ENROL: Pages['enrol'] = {
  client: CLIENT,
  account: ACCOUNT,
  qr: { size: 10, path: 'M0 0h1v1H0z' },
  key: 'ABCD EFGH',
  uri: 'otpauth://totp/x',
  passkey: true,
  passkeyUrl: '/interaction/x/passkey',
  problem: { kind: 'none' },
  csrf: 'token',
};
const NEW_PASSWORD: Pages['new-password'] = {
  client: CLIENT,
  account: ACCOUNT,
  problems: [],
  hint: '',
  csrf: 'token',
};
const RECOVERY_CODES: Pages['recovery-codes'] = {
  client: CLIENT,
  account: ACCOUNT,
  codes: ['7K2M-9QXD-3HVA-WE5T'],
  download: 'data:text/plain;charset=utf-8,x',
  csrf: 'token',
};
const TERMS: Pages['terms'] = {
  client: CLIENT,
  account: ACCOUNT,
  url: 'https://example.com/terms?a&b',
  version: '2026-12',
  isChanged: true,
  csrf: 'token',
};

const LETTER: InboxLetter = {
  id: 'letter-1',
  to: 'ada@example.com',
  name: 'verify-email',
  at: 1_800_000_000,
  subject: 'Confirm <b>',
  text: 'Confirm',
  html: '',
  link: 'https://id.example/verify',
  code: '123456',
};

/** Every page in every state that changes what its template does. */
const STATES: readonly (readonly [name: string, view: string, data: object])[] = [
  ['sign-in', 'sign-in', SIGN_IN],
  ['sign-in of a bare client', 'sign-in', { ...SIGN_IN, client: BARE_CLIENT }],
  ['sign-in and nothing else', 'sign-in', { ...SIGN_IN, joinUrl: '', recoverUrl: '' }],
  ['sign-in asked again', 'sign-in', { ...SIGN_IN, again: 'asked', login: 'alice' }],
  ['sign-in too long ago', 'sign-in', { ...SIGN_IN, again: 'too-long-ago', remember: true }],
  ['sign-in refused', 'sign-in', { ...SIGN_IN, problem: { kind: 'refused' }, login: 'alice' }],
  ['sign-in incomplete', 'sign-in', { ...SIGN_IN, problem: { kind: 'incomplete' } }],
  ['sign-in busy', 'sign-in', { ...SIGN_IN, problem: { kind: 'busy' }, back: '/interaction/x' }],
  ...(['seconds', 'minutes'] as const).flatMap((unit) =>
    [1, 30].map((count): readonly [string, string, object] => [
      `sign-in throttled for ${count} ${unit}`,
      'sign-in',
      { ...SIGN_IN, problem: { kind: 'throttled', unit, count } },
    ]),
  ),
  [
    'sign-in by passkey alone',
    'sign-in',
    { ...SIGN_IN, methods: { password: false, passkey: true, emailCode: false } },
  ],
  [
    'sign-in by code alone',
    'sign-in',
    { ...SIGN_IN, methods: { password: false, passkey: false, emailCode: true } },
  ],
  ['sign-in with a wrong passkey', 'sign-in', { ...SIGN_IN, problem: { kind: 'passkey' } }],
  ...(['none', 'refused', 'incomplete', 'passkey'] as const).flatMap((kind) => [
    ...(['passkey', 'totp', 'recovery-code', 'email-code'] as const).map(
      (method): readonly [string, string, object] => [
        `second-factor by ${method}: ${kind}`,
        'second-factor',
        { ...SECOND_FACTOR, method, problem: { kind } },
      ],
    ),
    [
      `second-factor by SMS: ${kind}`,
      'second-factor',
      { ...SECOND_FACTOR, method: 'email-code', medium: 'phone', problem: { kind } },
    ] as const,
    ...(kind === 'passkey'
      ? []
      : [['email-code: ' + kind, 'email-code', { ...EMAIL_CODE, problem: { kind } }] as const]),
    [`enrol: ${kind}`, 'enrol', { ...ENROL, problem: { kind } }] as const,
  ]),
  [
    'second-factor by SMS that could not be sent',
    'second-factor',
    { ...SECOND_FACTOR, method: 'email-code', medium: 'phone', problem: { kind: 'unsent' } },
  ],
  ['enrol where there are no passkeys', 'enrol', { ...ENROL, passkey: false }],
  ['new-password', 'new-password', NEW_PASSWORD],
  ...(
    [
      'password.tooShort',
      'password.tooLong',
      'password.common',
      'password.breached',
      'password.ownName',
    ] satisfies PasswordProblemKey[]
  ).map((message): readonly [string, string, object] => [
    `new-password: ${message}`,
    'new-password',
    { ...NEW_PASSWORD, problems: [{ message, count: 8 }] },
  ]),
  ...['longer', 'repeats', 'keyboard', 'dates', 'common', 'ownName'].map(
    (hint): readonly [string, string, object] => [
      `new-password with a hint: ${hint}`,
      'new-password',
      {
        ...NEW_PASSWORD,
        problems: [{ message: 'password.common', count: 0 }],
        hint: `password.hint.${hint}`,
      },
    ],
  ),
  ['recovery-codes', 'recovery-codes', RECOVERY_CODES],
  [
    'recovery-codes before they are made',
    'recovery-codes',
    { ...RECOVERY_CODES, client: BARE_CLIENT, codes: [], download: '' },
  ],
  ['terms', 'terms', TERMS],
  ['terms, the first', 'terms', { ...TERMS, client: BARE_CLIENT, isChanged: false }],
  ['sign-in-link', 'sign-in-link', { code: '123456' } satisfies Pages['sign-in-link']],
  ['sign-in-link that is over', 'sign-in-link', { code: '' } satisfies Pages['sign-in-link']],
  [
    'select-account',
    'select-account',
    {
      client: CLIENT,
      account: ACCOUNT,
      another: '/other',
      csrf: 'token',
    } satisfies Pages['select-account'],
  ],
  ['consent', 'consent', CONSENT],
  [
    'consent for nothing more',
    'consent',
    {
      ...CONSENT,
      client: BARE_CLIENT,
      account: { ...ACCOUNT, login: '' },
      scopes: [],
      claims: [],
      resources: [],
      details: [],
    },
  ],
  ['expired', 'expired', { requestId: 'r-1' } satisfies Pages['expired']],
  ['inbox without a letter', 'inbox', { letters: [] }],
  ['inbox', 'inbox', { letters: [LETTER, { ...LETTER, code: '' }] }],
  ['a letter in the inbox', 'inbox-letter', { letter: LETTER }],
  ['a letter without code and link', 'inbox-letter', { letter: { ...LETTER, code: '', link: '' } }],
  [
    'problem',
    'problem',
    { error: 'invalid_client', description: '', requestId: '' } satisfies Pages['problem'],
  ],
  [
    'sign-out',
    'sign-out',
    { action: '/logout/confirm', xsrf: 'x', clientName: '' } satisfies Pages['sign-out'],
  ],
  ['sign-out of a client', 'sign-out', { action: '/logout/confirm', xsrf: 'x', clientName: 'App' }],
  ...(
    ['none', 'missing', 'unknown', 'expired', 'used', 'refused', 'throttled', 'failed'] as const
  ).map((problem): readonly [string, string, object] => [
    `device, ${problem}`,
    'device',
    { action: '/device', xsrf: 'x', problem, code: '' } satisfies Pages['device'],
  ]),
  [
    'device-confirm',
    'device-confirm',
    {
      action: '/device',
      xsrf: 'x',
      code: 'BCDF-GHJK',
      client: CLIENT,
    } satisfies Pages['device-confirm'],
  ],
  ['device-done', 'device-done', { clientName: '' } satisfies Pages['device-done']],
  ['device-done at a client', 'device-done', { clientName: 'TV' }],
  [
    'switch-account',
    'switch-account',
    { action: '/logout/confirm', xsrf: 'token' } satisfies Pages['switch-account'],
  ],
  ['signed-out', 'signed-out', { clientName: '', uri: '' } satisfies Pages['signed-out']],
  ['signed-out of a client', 'signed-out', { clientName: 'App', uri: 'https://app.example' }],
  ...(
    [
      'bad-request',
      'forbidden',
      'not-found',
      'too-large',
      'misdirected',
      'unavailable',
      'overloaded',
      'internal',
    ] satisfies FaultPage['kind'][]
  ).map((kind): readonly [string, string, object] => [
    `fault ${kind}`,
    'fault',
    { kind, requestId: 'r-1' },
  ]),
];
const PLURAL = /\.(?:zero|one|two|few|many|other)$/;
/** Forms that may do without the number: “a day”. */
const SPECIAL = /\.(?:zero|one|two|few|many)$/;
const LANGUAGES = globSync('locales/*.yaml', { cwd: VIEWS_FOLDER }).map((file) =>
  file.slice(8, -5),
);
const SOURCES = globSync('**/*.liquid', { cwd: VIEWS_FOLDER });

const source = (file: string): string => readFileSync(join(VIEWS_FOLDER, file), 'utf8');

describe('every view', () => {
  let views: Views;
  beforeAll(async () => {
    views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
  });

  test.each(LANGUAGES.flatMap((language) => STATES.map((state) => [language, ...state] as const)))(
    'in %s: %s',
    async (language, _, view, data) => {
      const html = await views.renderer.render(view, data, [language]);
      expect(html).toContain(`<html lang="${language}" dir="ltr">`);
      expect(html).not.toMatch(/\{\{|\{%|undefined|\[object|\{\w+\}/);
      expect(html).not.toContain('<b>');
    },
  );

  test('its first action button is the one that goes on, and one gives up', async () => {
    for (const [name, view, data] of STATES.filter(
      ([, , page]) => 'csrf' in page || 'xsrf' in page,
    )) {
      const html = await views.renderer.render(view, data, ['en']);
      const actions = [...html.matchAll(/<button[^>]* name="action" value="(?<value>\w+)"/g)];
      const [first, ...others] = actions.map(({ groups }) => groups?.['value']);
      expect([name, first]).toEqual([name, 'continue']);
      // Where a device's code is typed, nobody has been asked anything that they could refuse.
      // Who switches accounts has chosen already.
      if (view !== 'device' && view !== 'switch-account') expect(others, name).toContain('cancel');
    }
  });

  test('a view that is given less than it reads fails', async () => {
    const { login: _, ...less } = SIGN_IN;
    await expect(views.renderer.render('sign-in', less, ['en'])).rejects.toThrow('login');
  });

  test('escapes what comes from outside (an app could name itself after a script)', async () => {
    const name = `"><script>alert('x')</script>`;
    const html = await views.renderer.render(
      'consent',
      { ...CONSENT, client: { ...CLIENT, name } },
      ['en'],
    );
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;');
  });

  test('says words of the configuration in the language of whoever reads them, else as they come', async () => {
    const said = async (language: string): Promise<string> =>
      views.renderer.render('consent', CONSENT, [language]);
    expect(await said('de')).toContain('Eine Zahlung ausführen');
    for (const language of ['en', 'ja']) expect(await said(language)).toContain('Make a payment');
  });

  test('speaks the first language that it can, else the default', async () => {
    const inLanguages = (wanted: readonly string[]): Promise<string> =>
      views.renderer.render('expired', { requestId: '' }, wanted);
    expect(await inLanguages(['xx', 'de-CH', 'en'])).toContain('<html lang="de"');
    expect(await inLanguages(['xx'])).toContain('<html lang="en"');
  });
});

describe('the templates', () => {
  test('escape everything: none says raw', () => {
    const raw = SOURCES.filter((file) => /\|\s*raw\b|\{%-?\s*raw\b/.test(source(file)));
    expect(raw).toEqual([]);
  });

  test('hold no script and no style of their own, which the policy would refuse', () => {
    const inline = /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:/i;
    // Mail programs know nothing else.
    const pages = SOURCES.filter((file) => file !== 'layouts/mail-html.liquid');
    expect(pages.filter((file) => inline.test(source(file)))).toEqual([]);
  });

  test('every link that leaves us opens without a way back to our window', () => {
    const links = SOURCES.flatMap((file) => source(file).match(/<a [^>]*target=[^>]*>/g) ?? []);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !link.includes('rel="noopener noreferrer"'))).toEqual([]);
  });
});

describe('the catalogs', () => {
  const english = messagesOf('en');

  test.each(LANGUAGES)('%s says all that English says, and no more', (language) => {
    expect(plain(messagesOf(language))).toEqual(plain(english));
  });

  test.each(LANGUAGES)('%s fills in what English fills in', (language) => {
    const differing = [...messagesOf(language)].filter(
      ([key, text]) => !SPECIAL.test(key) && blanks(text) !== blanks(english.get(key) ?? ''),
    );
    expect(differing).toEqual([]);
  });

  test.each(LANGUAGES)('%s has the plural forms that its rules choose, no others', (language) => {
    const forms = new Set<string>(
      new Intl.PluralRules(language).resolvedOptions().pluralCategories,
    );
    const byMessage = Map.groupBy(
      [...messagesOf(language).keys()].filter((key) => PLURAL.test(key)),
      (key) => key.replace(PLURAL, ''),
    );
    for (const [message, keys] of byMessage) {
      const written = keys.map((key) => key.slice(message.length + 1));
      expect(written, message).toContain('other');
      expect(
        written.filter((form) => !forms.has(form)),
        message,
      ).toEqual([]);
    }
  });

  test('are all named by the setting that chooses among them', () => {
    const settings = readFileSync(join(VIEWS_FOLDER, '../docs/configuration.md'), 'utf8');
    const others = LANGUAGES.filter((language) => language !== 'en').toSorted();
    expect(settings).toContain(`of ${['en', ...others].join(', ')} and those of the theme folder`);
  });

  test('in French have a narrow space that does not break before : ; ? ! and in guillemets', () => {
    const wrong = /[^\u202f?!][;?!]|[^\u202f]:(?!\/\/)|[^\u202f]»|«[^\u202f]|\u0020[:;?!»]/;
    const found = [...messagesOf('fr').values()].filter((text) => wrong.test(text));
    expect(found).toEqual([]);
  });

  test('in Spanish open what they ask', () => {
    const found = [...messagesOf('es').values()].filter(
      (text) => text.split('¿').length !== text.split('?').length,
    );
    expect(found).toEqual([]);
  });

  test('in Japanese have its own punctuation, and spaces after a colon alone', () => {
    const wrong = /[!?;,()]|[^\p{ASCII}] |(?<!:) [^\p{ASCII}]/u;
    const found = [...messagesOf('ja').values()].filter((text) => wrong.test(text));
    expect(found).toEqual([]);
  });

  test('hold no message that no page uses', () => {
    const quoted = SOURCES.flatMap((file) => source(file).match(/(?<=')[\w.-]+(?=')/g) ?? []);
    // The claims and scopes that cards.ts has words for, what is wrong with a password, and what a layout is told of the language itself.
    const prefixes = [
      'scope.',
      'claim.',
      'password.',
      'language.',
      ...quoted.filter((text) => /[.-]$/.test(text)),
    ];
    const unused = plain(english).filter(
      (key) => !quoted.includes(key) && !prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });

  /** Languages differ in their plural forms, so that a message with forms counts once. */
  function plain(messages: ReadonlyMap<string, string>): readonly string[] {
    return [...new Set([...messages.keys()].map((key) => key.replace(PLURAL, '')))].toSorted();
  }

  function blanks(text: string): string {
    return [...text.matchAll(/\{\w+\}/g)].map(String).toSorted().join();
  }

  function messagesOf(language: string): ReadonlyMap<string, string> {
    const flatten = (value: unknown, path: string): readonly (readonly [string, string])[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, inner]) => flatten(inner, `${path}.${name}`))
        : [[path.slice(1), String(value)]];
    return new Map(flatten(parse(source(`locales/${language}.yaml`)), ''));
  }
});

describe('a theme', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-theme-'));
    await mkdir(join(folder, 'locales'));
    await mkdir(join(folder, 'assets'));
    await mkdir(join(folder, 'partials'));
    await writeFile(join(folder, 'locales/en.yaml'), 'sign-in: {title: Welcome back}');
    await writeFile(
      join(folder, 'locales/ar.yaml'),
      'language: {direction: rtl}\nexpired: {title: انتهت, text: ., next: .}\ncommon: {request-id: طلب}',
    );
    await writeFile(join(folder, 'assets/acme.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await writeFile(join(folder, 'acme.css'), 'h1 { color: red }');
    await writeFile(join(folder, 'partials/policies.liquid'), '<footer>Acme Inc.</footer>');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const open = (
    theme: Partial<ViewsOptions['theme']>,
    languages: readonly string[] = [],
  ): Promise<Views> =>
    openViews({ folder: VIEWS_FOLDER, theme: { ...PLAIN_THEME, ...theme }, languages });

  test('changes the name, the logo, a template, a sentence, and adds a stylesheet', async () => {
    const { renderer, assets } = await open({
      name: 'Acme',
      folder,
      logo: 'acme.svg',
      css: join(folder, 'acme.css'),
    });
    const html = await renderer.render('sign-in', SIGN_IN, ['en']);
    expect(html).toContain('<title>Welcome back · Acme</title>');
    expect(html).toContain(`<img src="${assets.path('acme.svg')}"`);
    expect(html).toContain('<footer>Acme Inc.</footer>');
    expect(html).toContain(`<link rel="stylesheet" href="${assets.path('custom.css')}">`);
  });

  test('adds a language that is written from right to left', async () => {
    const { renderer } = await open({ folder }, ['en', 'ar']);
    expect(await renderer.render('expired', { requestId: 'r' }, ['ar'])).toContain(
      '<html lang="ar" dir="rtl">',
    );
  });

  test('is read whole before the first page is asked for, if that is wanted', async () => {
    const broken = await mkdtemp(join(folder, 'broken-'));
    await mkdir(join(broken, 'locales'));
    await writeFile(join(broken, 'locales/fr.yaml'), 'sign-in: [1, 2]');
    const views = await open({ folder: broken });
    expect(await views.renderer.render('sign-in', SIGN_IN, ['en'])).toContain('lang="en"');
    expect(() => views.prepare()).toThrow(/fr\.yaml is not a catalog/);
  });

  test('may show a logo from elsewhere, which the policy must know', async () => {
    const views = await open({ logo: 'https://cdn.acme.example/logo.png' });
    expect(views.imageOrigins).toEqual(['https://cdn.acme.example']);
  });

  test.each([
    [{ logo: 'absent.svg' }, []],
    [{ css: '/nonexistent/acme.css' }, []],
    [{}, ['en', 'xx']],
  ] as const)('is refused when it names what is not there: %j %j', async (theme, languages) => {
    await expect(open(theme, languages)).rejects.toMatchObject({ code: 'ERR_VIEWS_INCOMPLETE' });
  });
});

test('a page is answered with its status', async () => {
  const shown: unknown[] = [];
  const show = createShowPage({ render: async (name) => `<p>${name}</p>` });
  const response = { get: () => "img-src 'self'" };
  const context = { get: () => '', set: (...header: unknown[]) => shown.push(header), response };
  await show(
    context as never,
    'expired',
    { requestId: '' },
    { status: 400, image: 'https://cdn.example/a.png' },
  );
  expect(context).toMatchObject({ status: 400, type: 'html', body: '<p>expired</p>' });
  expect(shown).toEqual([['Content-Security-Policy', "img-src 'self' https://cdn.example"]]);
});
