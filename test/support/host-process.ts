import { openViews } from '../../src/http/views.ts';
import { openHost, PLAIN_THEME, VIEWS_FOLDER } from './pages-host.ts';
import { freePort } from './ports.ts';

/** A host in a process of its own, for tests that limit what the process may have. Prints its port. */
const port = await freePort();
const views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
await openHost({ issuer: `http://127.0.0.1:${port}`, port, views });
process.stdout.write(`${port}\n`);
