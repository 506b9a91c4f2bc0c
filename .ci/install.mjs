// Runs before `npm start` and `npm test`, on any Node >= 20: installs what package-lock.json asks for when
// node_modules is missing or older. From then on npm's PATH finds the Node of the devDependency `node` first.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;

if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  console.error('Installing dependencies (once; needs the npm registry) ...');
  const npm = process.env.npm_execpath;
  const [command, ...prefix] = npm ? [process.execPath, npm] : ['npm'];
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(command, [...prefix, ...options], {
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(
      'npm ci failed; the lines above say why. Latchkey cannot start without its dependencies.',
    );
    process.exit(status ?? 1);
  }
}
