// `npm run generate`: writes what is made from the schema of the settings. With --check, writes nothing and
// fails when a file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'oxfmt';
import { generatedFiles } from '../src/config/generated-files.ts';
import { settingsSchema } from '../src/settings.ts';

const options = JSON.parse(readFileSync('.oxfmtrc.json', 'utf8'));
const stale = [];

for (const [path, text] of generatedFiles(settingsSchema)) {
  const { code, errors } = await format(path, text, options);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  if (!process.argv.includes('--check')) writeFileSync(path, code);
  else if (readFileSync(path, 'utf8') !== code) stale.push(path);
}

if (stale.length > 0) {
  console.error(`run: npm run generate (not as the settings are: ${stale.join(', ')})`);
  process.exitCode = 1;
}
