// Runs before `npm pack` and `npm publish`: makes dist/ of src/. A checkout runs the source, but Node strips no
// types under node_modules, so what is installed from npm is JavaScript with its type declarations.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const tsc = 'node_modules/typescript/bin/tsc';
// `npm run check` judges the types; here they are only written down, in a quarter of the time.
const args = [tsc, '-p', 'tsconfig.build.json', '--noCheck'];
const { status } = spawnSync(process.execPath, args, {
  // npm prints the tarball's name on standard output, and nothing else may stand there.
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(status ?? 1);

// Scripts for Redis and whatever else stands beside the code and is read at run time.
const assets = globSync('src/**/*.*', { exclude: ['src/**/*.ts', 'src/**/README.md'] });
for (const path of assets) cpSync(path, path.replace(/^src/, 'dist'));
