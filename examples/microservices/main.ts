// A shop with a backend for its browser app, a gateway and two services. Start it with: npm run example
import { fileURLToPath } from 'node:url';
import { startExample } from './start.ts';

const folder = fileURLToPath(new URL('../../data/example', import.meta.url));
const example = await startExample({ issuerPort: 4100, appPort: 3100, folder });
process.stdout.write(`Open ${example.url} and sign in as alice, password latchkey-dev\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void example.close());
