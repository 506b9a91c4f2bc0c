// Makes dist/ (or the folder that is named) of src/: JavaScript for Node, small but with its names, so that a stack trace can be
// read, and types with their comments, which editors show. Runs before `npm pack` and `npm publish`, in a checkout of the provider.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const here = import.meta.dirname;
const folder = resolve(process.argv[2] ?? join(here, 'dist'));
rmSync(folder, { recursive: true, force: true });

const { exports, bin } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const entries = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)];
const names = entries.map((path) => path.replace(/^\.\/dist\/(.*)\.js$/, '$1'));
const bundle = await rolldown({
  input: Object.fromEntries(names.map((name) => [name, join(here, 'src', `${name}.ts`)])),
  external: [/^node:/, 'jose'],
  platform: 'node',
});
const mangle = { keepNames: { function: true, class: true } };
const minify = { compress: { keepNames: mangle.keepNames }, mangle, codegen: true };
await bundle.write({ dir: folder, minify, comments: false, chunkFileNames: 'chunks/[name].js' });

const tsc = resolve(here, '../node_modules/typescript/bin/tsc');
const args = [tsc, '-p', join(here, 'tsconfig.build.json'), '--outDir', folder];
// npm prints the tarball's name on standard output, and nothing else may stand there.
const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
if (status !== 0) throw new Error('the types cannot be made');

// The compiler leaves `./x.ts` in types as it is, where not every consumer's compiler looks behind it.
for (const path of globSync('**/*.d.ts', { cwd: folder }).map((name) => join(folder, name))) {
  const text = readFileSync(path, 'utf8');
  const rewritten = text.replaceAll(/(?<=from '\.[^']*)\.ts(?=';)/g, '.js');
  if (/\.ts['"]/.test(rewritten)) throw new Error(`${relative(folder, path)} imports a .ts file`);
  writeFileSync(path, rewritten);
}
