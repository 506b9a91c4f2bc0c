// Makes the secrets of docker-compose.yml that are missing, each in a file that only its reader can read, and
// leaves alone what is there. Arguments: the folder, the user id of the nodes (the image's `node`), and that of
// Redis and PostgreSQL (both images have 999).
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [folder, nodes = '1000', servers = '999'] = process.argv.slice(2);

/** The secret in the file at `path`, made when it is missing. */
function secretOf(path) {
  place(path, nodes, () => randomBytes(32).toString('base64url'));
  return readFileSync(join(folder, path), 'utf8');
}

function place(path, reader, make) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o500 });
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o400, flag: 'wx' });
  for (const mine of [dirname(file), file]) chownSync(mine, Number(reader), Number(reader));
}

const redis = secretOf('nodes/redis-password');
const postgres = secretOf('nodes/postgres-password');
secretOf('nodes/master-key');
place('redis/password.conf', servers, () => `requirepass ${redis}\n`);
place('postgres/password', servers, () => postgres);
