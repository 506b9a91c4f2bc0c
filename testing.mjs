// What `latchkey/testing` is. A checkout runs its source; what was installed from npm has only what was made of it.
import { existsSync } from 'node:fs';

const source = new URL('./src/testing/start-latchkey.ts', import.meta.url);
const made = new URL('./dist/testing/start-latchkey.js', import.meta.url);
export const { startLatchkey } = await import((existsSync(source) ? source : made).href);
