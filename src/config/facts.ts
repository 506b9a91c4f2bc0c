import { stat } from 'node:fs/promises';
import type { z } from 'zod';
import { processEnvironment, type Environment } from './environment.ts';
import { childrenOf, itemsOf, kindOf, pathText, treeOf, type SchemaNode } from './schema-tree.ts';
import { isSampleSecret, strengthBits } from './secret-strength.ts';
import { readSecret, SecretUnavailable } from './secrets.ts';
import { GIVEN, type SecretReference } from './values.ts';

/** What is known of one secret, without the secret. */
export interface SecretFact {
  /** The setting that refers to it. */
  readonly setting: string;
  readonly place: string;
  /** Why it cannot be used; undefined: it could be read. */
  readonly fault: string | undefined;
  /** Of a secret that someone else gave us: endless, since it is not ours to choose. */
  readonly bits: number;
  readonly isSample: boolean;
}

/** A file that holds something secret. */
export interface FileFact {
  readonly setting: string;
  readonly path: string;
  /** Permission bits; undefined: there is no such file yet. */
  readonly mode: number | undefined;
}

/** What the machine says of the settings. */
export interface Facts {
  readonly secrets: readonly SecretFact[];
  readonly files: readonly FileFact[];
}

/** Looks at every secret that `settings` refer to, and at the files in `privateFiles`. */
export async function gatherFacts(options: {
  readonly settings: object;
  readonly schema: Pick<z.ZodObject, 'shape'>;
  readonly privateFiles: readonly { readonly setting: string; readonly path: string }[];
  readonly environment?: Environment;
}): Promise<Facts> {
  const environment = options.environment ?? processEnvironment();
  const references = referencesOf(options.settings, options.schema);
  return {
    secrets: await Promise.all(references.map((one) => secretFact(one, environment))),
    files: await Promise.all(
      options.privateFiles.map(async (one) => ({ ...one, mode: await modeOf(one.path) })),
    ),
  };
}

interface Reference {
  readonly setting: string;
  readonly reference: SecretReference;
  /** Someone else chose it. */
  readonly isGiven: boolean;
}

/** To know a section by its schema takes time: only those are looked at in which something has the form. */
function referencesOf(
  settings: object,
  { shape }: Pick<z.ZodObject, 'shape'>,
): readonly Reference[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const section = shape[name];
    return section && holdsForm(value) ? referencesIn(value, treeOf(section), [name]) : [];
  });
}

function holdsForm(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return referenceOf(value) !== undefined || Object.values(value).some(holdsForm);
}

/** By the schema, not by form: a file that is no secret is also written `{ file: ... }`. */
function referencesIn(
  value: unknown,
  node: SchemaNode,
  path: readonly PropertyKey[],
): readonly Reference[] {
  if (typeof value !== 'object' || value === null) return [];
  if (kindOf(node) === 'secret') {
    const reference = referenceOf(value);
    return reference ? [{ setting: pathText(path), reference, isGiven: node[GIVEN] === true }] : [];
  }
  if (Array.isArray(value)) {
    const items = itemsOf(node) ?? {};
    return value.flatMap((item, index) => referencesIn(item, items, [...path, index]));
  }
  const children = childrenOf(node);
  return Object.entries(value).flatMap(([name, part]) =>
    referencesIn(part, children.get(name) ?? {}, [...path, name]),
  );
}

function referenceOf(value: object): SecretReference | undefined {
  if ('file' in value && typeof value.file === 'string') return { file: value.file };
  return 'env' in value && typeof value.env === 'string' ? { env: value.env } : undefined;
}

async function secretFact(
  { setting, reference, isGiven }: Reference,
  environment: Environment,
): Promise<SecretFact> {
  const place = 'file' in reference ? reference.file : reference.env;
  try {
    const secret = await readSecret(reference, environment);
    return {
      setting,
      place,
      fault: undefined,
      bits: isGiven ? Number.POSITIVE_INFINITY : strengthBits(secret),
      isSample: isSampleSecret(secret),
    };
  } catch (error) {
    if (!(error instanceof SecretUnavailable)) throw error;
    return { setting, place, fault: error.message, bits: 0, isSample: false };
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  // Windows keeps no such bits.
  if (process.platform === 'win32') return undefined;
  try {
    return (await stat(path)).mode & 0o777;
  } catch {
    // Missing or out of reach: whoever opens it will say so, with more to tell.
    return undefined;
  }
}
