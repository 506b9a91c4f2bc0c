import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { PreparedDocument } from '../provider/contract.ts';

/** The files that pages load: from memory, under names that change with their content. */
export interface Assets {
  /** The path of an asset by its name, with its content's hash in it; undefined: no such asset. */
  path(name: string): string | undefined;
  /** What is served at `path`: for ever under a hashed name, for minutes under the plain one. */
  document(path: string): PreparedDocument | undefined;
}

/** An asset by its name. */
export interface AssetSource {
  readonly name: string;
  readonly content: Buffer;
}

const PREFIX = '/assets/';
const FOR_EVER = 'public, max-age=31536000, immutable';
const FOR_MINUTES = 'public, max-age=300';
const HASH_CHARACTERS = 12;
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** Of two sources with one name the later wins. What has no known content type is left out. */
export function createAssets(sources: readonly AssetSource[]): Assets {
  const paths = new Map<string, string>();
  const documents = new Map<string, PreparedDocument>();
  for (const { name, content } of sources) {
    const extension = extname(name);
    const contentType = CONTENT_TYPES[extension];
    if (contentType === undefined) continue;
    const hash = createHash('sha256').update(content).digest('hex').slice(0, HASH_CHARACTERS);
    const path = `${PREFIX}${name.slice(0, -extension.length)}.${hash}${extension}`;
    const document = { body: content, etag: `"${hash}"`, contentType };
    paths.set(name, path);
    documents.set(path, { ...document, cacheControl: FOR_EVER });
    documents.set(PREFIX + name, { ...document, cacheControl: FOR_MINUTES });
  }
  return { path: (name) => paths.get(name), document: (path) => documents.get(path) };
}

/** The files of a folder, not of folders in it; none when there is no such folder. */
export async function readAssets(folder: string): Promise<readonly AssetSource[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ name }) => ({ name, content: await readFile(join(folder, name)) })),
  );
}
