import { DatabaseSync } from 'node:sqlite';
import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider';

/** A plain adapter on one SQLite file that is as durable as ours: WAL, a flush to disk for every write. */
export function createSqliteAdapter(file: string): AdapterConstructor {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  db.exec(
    'CREATE TABLE entry (key TEXT PRIMARY KEY, payload TEXT, grant_id TEXT, uid TEXT, consumed INTEGER, expires_at INTEGER) WITHOUT ROWID;' +
      'CREATE INDEX by_grant ON entry (grant_id); CREATE INDEX by_uid ON entry (uid);',
  );
  const put = db.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, NULL, ?)');
  const get = db.prepare(
    'SELECT payload, consumed FROM entry WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)',
  );
  const byUid = db.prepare('SELECT payload, consumed FROM entry WHERE uid = ?');
  const mark = db.prepare('UPDATE entry SET consumed = ? WHERE key = ?');
  const drop = db.prepare('DELETE FROM entry WHERE key = ?');
  const dropGrant = db.prepare('DELETE FROM entry WHERE grant_id = ?');
  const now = (): number => Math.floor(Date.now() / 1000);

  return class implements Adapter {
    readonly name: string;

    constructor(name: string) {
      this.name = name;
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const expiresAt = expiresIn ? now() + expiresIn : null;
      const { grantId = null, uid = null } = payload;
      put.run(`${this.name}:${id}`, JSON.stringify(payload), grantId, uid, expiresAt);
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      return read(get.get(`${this.name}:${id}`, now()));
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return read(byUid.get(uid));
    }

    async findByUserCode(): Promise<undefined> {
      return undefined;
    }

    async consume(id: string): Promise<void> {
      mark.run(now(), `${this.name}:${id}`);
    }

    async destroy(id: string): Promise<void> {
      drop.run(`${this.name}:${id}`);
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      dropGrant.run(grantId);
    }
  };
}

function read(row: Record<string, unknown> | undefined): AdapterPayload | undefined {
  if (row === undefined) return undefined;
  const payload: AdapterPayload = JSON.parse(String(row['payload']));
  return row['consumed'] === null ? payload : { ...payload, consumed: Number(row['consumed']) };
}
