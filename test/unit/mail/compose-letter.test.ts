import { globSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { openViews, type Views } from '../../../src/http/views.ts';
import { composeLetter, type Message } from '../../../src/mail/compose-letter.ts';
import type { LetterName, Letters, Noticed } from '../../../src/mail/mail.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';

const URL_TEXT = 'https://id.example.com/x?token=a&b=1';
const NOTICED = Object.keys({
  'password-changed': 0,
  'passkey-added': 0,
  'password-removed': 0,
  'passkey-removed': 0,
  'totp-added': 0,
  'totp-removed': 0,
  'recovery-codes-made': 0,
  'recovery-code-used': 0,
  'email-changed': 0,
  'signed-in-new-device': 0,
  'account-recovered': 0,
  'account-locked': 0,
  'account-deleted': 0,
} satisfies Record<Noticed, number>) as readonly Noticed[];
const NOTICE: Letters['notice'] = {
  what: 'password-changed',
  at: 1_800_000_000,
  device: 'Firefox on Linux',
  address: '192.0.2.7',
  notMeUrl: URL_TEXT,
};
const DATA: Omit<Letters, 'notice'> = {
  'verify-email': { code: '123456', url: URL_TEXT, minutes: 30 },
  'sign-in-code': { code: '654321', url: URL_TEXT, minutes: 1, clientName: 'R&D <b>' },
  'confirm-email': { url: URL_TEXT, hours: 24 },
  'reset-code': { code: '654321', minutes: 1 },
  'temporary-password': { code: 'K7-x', username: 'ada' },
  'sign-in-request': {
    url: URL_TEXT,
    minutes: 5,
    clientName: 'R&D <b>',
    message: 'Counter 3',
  },
  recovery: { url: URL_TEXT, minutes: 15 },
  invitation: { url: URL_TEXT, days: 7, inviter: 'Ada' },
  'organization-invitation': {
    url: URL_TEXT,
    organization: 'R&D <b>',
    inviter: 'Ada',
    until: 1_800_000_000,
  },
  'account-exists': { url: URL_TEXT },
  'email-changed': { newEmail: 'a…@example.org', undoUrl: URL_TEXT },
  test: { at: 1_800_000_000 },
};
type Case = readonly [label: string, name: LetterName, data: Letters[LetterName]];
const CASES: readonly Case[] = [
  ...(Object.entries(DATA) as [LetterName, Letters[LetterName]][]).map(([name, data]): Case => [
    name,
    name,
    data,
  ]),
  [
    'sign-in-request without words',
    'sign-in-request',
    { ...DATA['sign-in-request'], message: '', minutes: 1 },
  ],
  ['invitation of nobody', 'invitation', { ...DATA.invitation, inviter: '', days: 1 }],
  ...NOTICED.map((what): Case => [`notice ${what}`, 'notice', { ...NOTICE, what }]),
  ['notice without a link', 'notice', { ...NOTICE, notMeUrl: '', device: '', address: '' }],
];
const LANGUAGES = globSync('locales/*.yaml', { cwd: VIEWS_FOLDER }).map((file) =>
  file.slice(8, -5),
);

let views: Views;

beforeAll(async () => {
  views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
});

function compose<Name extends LetterName>(
  name: Name,
  data: Letters[Name],
  languages: readonly string[] = ['en'],
): Promise<Message> {
  const content = { data: { ...(data as object) }, languages: [...languages] };
  return composeLetter({ name, content }, views);
}

describe('every letter', () => {
  test.each(LANGUAGES.flatMap((language) => CASES.map((one) => [language, ...one] as const)))(
    'in %s: %s',
    async (language, _, name, data) => {
      const { subject, text, html, link, code } = await compose(name, data, [language]);
      expect(html).toContain(`<html lang="${language}"`);
      expect(subject).toContain('Latchkey');
      for (const part of [subject, text, html]) {
        expect(part).not.toMatch(/\{\{|\{%|undefined|\[object|\{\w+\}/);
      }
      expect(text).toContain(code);
      expect(text).toContain(link);
      expect(html).toContain(code);
      expect(html).toContain(link.replaceAll('&', '&amp;'));
      // Nothing that a mail program would fetch, and so tell when and where it was read.
      expect(html).not.toMatch(/<img|<link|<script|url\(|@import|\ssrc=/i);
    },
  );

  test('says what a program of the operator’s says in its place, as text, too', async () => {
    const content = { data: { ...DATA['reset-code'] }, languages: ['en'] };
    const own = {
      subject: 'Hello\r\nBcc: all@example.com',
      html: '<style>p { color: red }</style><p>Type <b>654321</b> &amp; go<br>to <a class="x" href="https://app.example.com/?a=1">the app</a></p>',
    };
    expect(
      await composeLetter({ name: 'reset-code', content: { ...content, own } }, views),
    ).toEqual({
      subject: 'Hello Bcc: all@example.com',
      text: 'Type 654321 & go\nto the app (https://app.example.com/?a=1)\n',
      html: own.html,
      link: '',
      code: '654321',
    });
    const house = await composeLetter({ name: 'reset-code', content }, views);
    const { subject } = own;
    const titled = await composeLetter(
      { name: 'reset-code', content: { ...content, own: { subject } } },
      views,
    );
    expect(titled).toEqual({ ...house, subject: 'Hello Bcc: all@example.com' });
  });

  test('says the same thing as text, readable line by line', async () => {
    const { subject, text } = await compose('sign-in-code', DATA['sign-in-code']);
    expect(subject).toBe('Your code to sign in to Latchkey');
    expect(text).toBe(
      [
        'Your code to sign in to Latchkey',
        '',
        'Type this code where you want to sign in to R&D <b>.',
        '',
        'Your code: 654321',
        '',
        'Show it by itself:',
        URL_TEXT,
        '',
        'The code and the link work once, within one minute.',
        '',
        'You did not want to sign in? Then do nothing, and give the code to nobody. We never ask for it by phone or mail.',
        '',
        '-- ',
        'This message was sent by Latchkey automatically.',
        '',
      ].join('\n'),
    );
  });

  test('tells when, on which device and from where something happened', async () => {
    const { text } = await compose('notice', NOTICE, ['de-AT']);
    expect(text).toContain('Wann: Freitag, 15. Januar 2027 um 08:00 UTC');
    expect(text).toContain('Gerät: Firefox on Linux\nIP-Adresse: 192.0.2.7');
    expect(text).toContain(`Das war ich nicht:\n${URL_TEXT}`);
  });

  test('sets labels off as its language does', async () => {
    const { text, html } = await compose('notice', NOTICE, ['fr']);
    expect(text).toContain('Appareil\u202f: Firefox on Linux\nAdresse IP\u202f: 192.0.2.7');
    expect(text).toContain(`Ce n’était pas moi\u202f:\n${URL_TEXT}`);
    expect(html).toContain('Appareil\u202f:</span> Firefox on Linux');
  });

  test('is in the colours and the name of the installation', async () => {
    const colours = { accent: '#ffcc00', accentDark: '#ffcc00' };
    const theme = { ...PLAIN_THEME, name: 'Acme', colours };
    const acme = await openViews({ folder: VIEWS_FOLDER, theme, languages: [] });
    const content = { data: { ...DATA.recovery }, languages: ['en'] };
    const { subject, html } = await composeLetter({ name: 'recovery', content }, acme);
    expect(subject).toBe('Get back into your account at Acme');
    expect(html).toContain('background:#ffcc00;border-radius:10px;color:#000000');
  });
});

describe('what somebody else chose to be called', () => {
  test('cannot become markup', async () => {
    const inviter = '<a href="https://evil.example">x</a>';
    const { html } = await compose('invitation', { ...DATA.invitation, inviter });
    expect(html).not.toContain('<a href="https://evil');
  });

  test('cannot become a link by itself (an invitation that leads to a thief)', async () => {
    const inviter = 'Security: visit https://evil.example/now or write to a@evil.example';
    const { text, html } = await compose('invitation', { ...DATA.invitation, inviter });
    for (const part of [text, html]) {
      expect(part).toContain('Security: visit https');
      expect(part).not.toContain('evil.example');
      expect(part).not.toContain('https://evil');
    }
  });

  test('stands in an invitation to an organization, as its last moment does', async () => {
    const { subject, text } = await compose('organization-invitation', {
      ...DATA['organization-invitation'],
      organization: 'Acme\r\nBcc: a@evil.example',
    });
    expect(subject).toBe('You are invited to Acme Bcc: a@\u2060evil.\u2060example at Latchkey');
    expect(text).toContain('Ada invites you to Acme');
    expect(text).not.toContain('a@evil.example');
    expect(text).toContain('until Friday, January 15, 2027');
  });

  test('cannot begin a header or fill the letter (a name of many lines)', async () => {
    const clientName = `App\r\nBcc: thief@example.net\r\n\r\n${'x'.repeat(500)}`;
    const { subject, text } = await compose('sign-in-code', {
      ...DATA['sign-in-code'],
      clientName,
    });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).not.toMatch(/^Bcc:/m);
    expect(text).not.toContain('x'.repeat(100));
  });
});
