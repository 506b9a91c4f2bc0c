import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

// Before a program by `--import`: the file that `MODULES_LOADED` names gets the address of each module as it is loaded.
const file = process.env['MODULES_LOADED'] ?? '';

registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(file, `${url}\n`);
    return nextLoad(url, context);
  },
});
