import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { randomId } from '../runtime/random.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { Subjects } from './subjects.ts';

const SECRET_BYTES = 32;
const KEY_BYTES = 32;
const CIPHER = 'aes-256-cbc';
/** The uid of a session is random itself, and each is sealed with the same outcome: that is what makes it a name. */
const NO_VECTOR = Buffer.alloc(16);

/** Names made of the secret in the records, which is drawn when it is first asked for. */
export function createSubjects({
  records,
  namespace,
}: {
  readonly records: Records;
  /** Of the issuer. */
  readonly namespace: string;
}): Subjects {
  const name = `subjects:${namespace}`;
  const keys = new Map<string, Buffer>();
  let known: Promise<Buffer> | undefined;

  function secret(): Promise<Buffer> {
    known ??= readSecret(records, name).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }

  async function keyOf(purpose: string, sector: string): Promise<Buffer> {
    const label = `${purpose} ${sector}`;
    const made =
      keys.get(label) ?? Buffer.from(hkdfSync('sha256', await secret(), '', label, KEY_BYTES));
    keys.set(label, made);
    return made;
  }

  return {
    async of(sector, accountId) {
      const key = await keyOf('sub', sector);
      return createHmac('sha256', key).update(accountId).digest('base64url');
    },
    async hide(sector, sessionUid) {
      const cipher = createCipheriv(CIPHER, await keyOf('sid', sector), NO_VECTOR);
      return Buffer.concat([cipher.update(sessionUid), cipher.final()]).toString('base64url');
    },
    async reveal(sector, hidden) {
      const decipher = createDecipheriv(CIPHER, await keyOf('sid', sector), NO_VECTOR);
      try {
        const sealed = Buffer.from(hidden, 'base64url');
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}

/** Whichever node draws it first; the others read what that one has drawn. */
async function readSecret(records: Records, name: string): Promise<Buffer> {
  const { queries } = records;
  const read = async (): Promise<string | undefined> =>
    (
      await records.first(
        queries.selectFrom('installation').select('value').where('name', '=', name),
      )
    )?.value;
  const value = (await read()) ?? (await draw(records, name)) ?? (await read());
  if (value === undefined) throw new TypeError(`the records have lost ${name} as it was written`);
  return Buffer.from(value, 'base64url');
}

async function draw(records: Records, name: string): Promise<string | undefined> {
  const value = randomId(SECRET_BYTES, name);
  try {
    await records.write(records.queries.insertInto('installation').values({ name, value }));
    return value;
  } catch (error) {
    if (error instanceof RecordConflict) return undefined;
    throw error;
  }
}
