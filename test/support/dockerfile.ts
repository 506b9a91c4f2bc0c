import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { IS_LONG } from './counts.ts';

const run = promisify(execFile);
/** What the image has and this machine need not: a user to give files to. */
const CHOWN = '#!/bin/sh\nexit 0\n';

/** One line of a Dockerfile, continuation lines joined. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** What a Dockerfile made, in folders of this machine. */
export interface BuiltImage {
  /** Where `/` of the last stage is. */
  readonly root: string;
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  /** `ENTRYPOINT` and `CMD`, one after the other. */
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  remove(): Promise<void>;
}

interface Stage {
  readonly root: string;
  readonly environment: Record<string, string>;
  workdir: string;
  user: string;
  entrypoint: readonly string[];
  command: readonly string[];
  healthCheck: readonly string[];
}

interface Build {
  readonly context: string;
  /** What .dockerignore lets through. */
  readonly included: readonly string[];
  readonly folder: string;
  readonly bin: string;
  readonly stages: Map<string, Stage>;
}

/** The instructions of `text`, in order. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.trim().split(/\s+/);
      return { name, rest: rest.join(' ') };
    });
}

/** Does what the Dockerfile in `context` says, each stage in a folder in place of a file system. */
export async function buildImage(context: string): Promise<BuiltImage> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-image-'));
  const bin = join(folder, 'bin');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  await mkdir(bin);
  await writeFile(join(bin, 'chown'), CHOWN, { mode: 0o755 });
  try {
    const included = await includedBy(join(context, '.dockerignore'));
    const stage = await lastStage({ context, included, folder, bin, stages: new Map() });
    return {
      ...stage,
      command: [...stage.entrypoint, ...stage.command],
      workdir: join(stage.root, stage.workdir),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function lastStage(build: Build): Promise<Stage> {
  const text = await readFile(join(build.context, 'Dockerfile'), 'utf8');
  let stage: Stage | undefined;
  for (const instruction of parseDockerfile(text)) {
    if (instruction.name === 'FROM') stage = await openStage(build, instruction);
    else if (stage) await follow(build, stage, instruction);
  }
  if (!stage) throw new Error('the Dockerfile has no stage');
  return stage;
}

/** Of a .dockerignore that shuts everything out, what it lets in again. */
async function includedBy(path: string): Promise<readonly string[]> {
  const patterns = (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (patterns[0] !== '*') throw new Error('.dockerignore must begin with *');
  return patterns.slice(1).map((pattern) => pattern.replace(/^!/, ''));
}

async function openStage(build: Build, { rest }: Instruction): Promise<Stage> {
  const [, , name = `${build.stages.size}`] = rest.split(' ');
  const root = join(build.folder, name);
  await mkdir(root);
  const stage = {
    root,
    environment: {},
    workdir: '/',
    user: 'root',
    entrypoint: [],
    command: [],
    healthCheck: [],
  };
  build.stages.set(name, stage);
  return stage;
}

async function follow(build: Build, stage: Stage, { name, rest }: Instruction): Promise<void> {
  const act = ACTS.get(name);
  if (!act) throw new Error(`${name} is not known here`);
  await act(stage, rest, build);
}

type Act = (stage: Stage, rest: string, build: Build) => void | Promise<void>;

const nothing: Act = () => {};
const ACTS: ReadonlyMap<string, Act> = new Map<string, Act>([
  ['COPY', (stage, rest, build) => copy(build, stage, rest.split(' '))],
  ['RUN', (stage, rest, build) => runIn(stage, rest, build)],
  ['ENV', (stage, rest) => void Object.assign(stage.environment, assignments(rest))],
  ['USER', (stage, rest) => void (stage.user = rest)],
  ['ENTRYPOINT', (stage, rest) => void (stage.entrypoint = JSON.parse(rest))],
  ['CMD', (stage, rest) => void (stage.command = JSON.parse(rest))],
  [
    'HEALTHCHECK',
    (stage, rest) => void (stage.healthCheck = JSON.parse(rest.slice(rest.indexOf('[')))),
  ],
  [
    'WORKDIR',
    async (stage, rest) => {
      stage.workdir = rest;
      await mkdir(join(stage.root, rest), { recursive: true });
    },
  ],
  ['LABEL', nothing],
  ['EXPOSE', nothing],
  ['VOLUME', nothing],
]);

async function runIn(stage: Stage, command: string, { context, bin }: Build): Promise<void> {
  const cwd = join(stage.root, stage.workdir);
  // Whoever runs the tests has installed just that, of the same lock; only the long mode does it again.
  const isInstalled = command.startsWith('npm ci ') && !command.includes('--omit') && !IS_LONG;
  if (isInstalled) return await symlink(join(context, 'node_modules'), join(cwd, 'node_modules'));
  await run('sh', ['-c', command], {
    cwd,
    env: { ...process.env, PATH: searchPath(bin), npm_config_prefer_offline: 'true' },
    maxBuffer: 64 * 1024 * 1024,
  });
}

function assignments(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(' ').map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value];
    }),
  );
}

/** The programs of this machine with the Node that runs this in front, as in the image. */
function searchPath(bin: string): string {
  return [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
}

async function copy(build: Build, stage: Stage, words: readonly string[]): Promise<void> {
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = join(stage.root, stage.workdir, paths.at(-1) ?? '');
  for (const source of paths.slice(0, -1)) {
    const path =
      from === undefined ? join(build.context, source) : join(rootOf(build, from), source);
    if (from === undefined && !build.included.some((one) => `${source}/`.startsWith(`${one}/`))) {
      throw new Error(`.dockerignore keeps ${source} from the build`);
    }
    const isFolder = (await stat(path)).isDirectory();
    await cp(path, isFolder ? target : join(target, basename(path)), { recursive: true });
  }
}

function rootOf(build: Build, name: string): string {
  const stage = build.stages.get(name);
  if (!stage) throw new Error(`there is no stage ${name}`);
  return stage.root;
}
