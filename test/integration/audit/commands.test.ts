import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { AuditBroken, registerAuditCommands } from '../../../src/cli/audit.ts';
import { openLedger, type Ledger } from './fixture.ts';

/** Runs `latchkey <line>` and gives what it printed. */
async function run({ records }: Ledger, line: string): Promise<string> {
  const printed: string[] = [];
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerAuditCommands(program, () =>
    Promise.resolve({
      records,
      print: (text) => void printed.push(text),
      close: () => Promise.resolve(),
    }),
  );
  await program.parseAsync(line.split(' '), { from: 'user' });
  return printed.join('\n');
}

async function withEvents(): Promise<Ledger> {
  const ledger = await openLedger();
  const audit = ledger.audit('one');
  const origin = { address: '192.0.2.7' };
  await audit.record({ type: 'sign_out', origin, accountId: 'alice' });
  await audit.record({ type: 'sign_out', origin, accountId: 'bob' });
  return ledger;
}

describe('latchkey audit', () => {
  test('verify names the head of every chain and says that all is whole', async () => {
    const words = await run(await withEvents(), 'audit verify');
    expect(words).toMatch(/^one: events 1 to 2, head [\w-]{43}\nThe audit is whole\.$/);
  });

  test('verify fails, and says where, when an event was changed', async () => {
    const ledger = await withEvents();
    const { queries } = ledger.records;
    await ledger.records.write(queries.updateTable('audit').set({ at: 1 }).where('number', '=', 2));
    await expect(run(ledger, 'audit verify --json')).rejects.toThrow(AuditBroken);
  });

  test('list prints one line of JSON for each event', async () => {
    const lines = await run(await withEvents(), 'audit list --json --account alice');
    expect(JSON.parse(lines)).toMatchObject({ number: 1, event: { accountId: 'alice' } });
  });

  test('list narrows by date and count', async () => {
    const ledger = await withEvents();
    expect(await run(ledger, 'audit list --since 2027-01-01 --limit 1')).toMatch(
      /^2027-01-15T08:00:00Z one 2 \{.*"bob".*\}$/,
    );
    expect(await run(ledger, 'audit list --since 2028-01-01')).toBe('');
  });

  test('list prints no character that acts on a terminal', async () => {
    const ledger = await openLedger();
    const origin = { address: '192.0.2.7' };
    await ledger.audit('one').record({ type: 'sign_out', origin, clientId: 'a\u202eb\u009bc' });
    for (const line of ['audit list', 'audit list --json']) {
      expect(await run(ledger, line)).toContain(String.raw`"a\u202eb\u009bc"`);
    }
  });

  test.each(['audit list --since soon', 'audit list --limit 0', 'audit list --limit ten'])(
    'refuses `%s`',
    async (line) => {
      await expect(run(await openLedger(), line)).rejects.toThrow(/Expected/);
    },
  );
});
