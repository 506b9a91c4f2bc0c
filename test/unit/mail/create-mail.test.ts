import { expect, test } from 'vitest';
import { createMail } from '../../../src/mail/create-mail.ts';
import { isMailbox } from '../../../src/mail/mailbox.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createToldLogger } from '../../support/told.ts';

test.each([
  'ada@example.com, eve@example.net',
  'ada@example.com\r\nBcc: eve@example.net',
  'Ada <ada@example.com>',
  '"a b"@example.com',
  'ada@example.com ',
  'ada@exa_mple.com>',
  'ada@[192.0.2.1]',
  `${'a'.repeat(65)}@example.com`,
  `ada@${'a'.repeat(254)}.com`,
  'ada',
  '',
])('what is not one address is refused (a way to a second reader): %j', async (to) => {
  const mail = createMail({
    records: {} as never,
    state: {} as never,
    sealer: createSealer([new Uint8Array(32)]),
    clock: createFakeClock(),
    logger: createToldLogger(),
  });
  const letter = { to, name: 'test', data: { at: 1 }, languages: [] } as const;
  expect(() => mail.queue(letter)).toThrow('not an address');
  await expect(mail.send(letter)).rejects.toMatchObject({ code: 'ERR_UNFIT_ADDRESS' });
});

test.each([
  'ada@example.com',
  'ada.lovelace+tag@mail.example.co.uk',
  "o'brien@example.com",
  'jürgen@münchen.example',
  'root@localhost',
])('an address that people have is taken: %s', (address) => {
  expect(isMailbox(address)).toBe(true);
});
