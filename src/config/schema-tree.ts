import { z } from 'zod';
import { KIND, type Kind } from './values.ts';

/** A section or a setting, as its JSON Schema describes what may be written. */
export type SchemaNode = z.core.JSONSchema.JSONSchema;

/** The way to a setting: names, and the indices of lists. */
export type SettingPath = readonly PropertyKey[];

/** One setting that is no section, or a section that is a list or a map. */
export interface Setting {
  readonly path: readonly string[];
  readonly node: SchemaNode;
}

/** To make one of all settings takes as long as all else that is done with a configuration: a start makes it where it must. */
const trees = new WeakMap<z.core.$ZodType, SchemaNode>();

/** What may be written for `schema`, with defaults and descriptions. */
export function treeOf(schema: z.core.$ZodType): SchemaNode {
  const tree = trees.get(schema) ?? makeTree(schema);
  trees.set(schema, tree);
  return tree;
}

function makeTree(schema: z.core.$ZodType): SchemaNode {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema: { _zod: one }, jsonSchema }) => {
      // zod leaves out the default of a list whose elements are transformed; an empty one is the same before and after.
      if (one.def.type === 'default' && isEmptyList(one.def.defaultValue)) jsonSchema.default = [];
    },
  });
}

/** The node itself, or its alternatives where it is a union. */
export function alternativesOf(node: SchemaNode): readonly SchemaNode[] {
  const alternatives = node.anyOf ?? node.oneOf;
  return alternatives ? alternatives.flatMap(alternativesOf) : [node];
}

/** What stands in a section, by name; of a union, in any of its alternatives. */
export function childrenOf(node: SchemaNode): ReadonlyMap<string, SchemaNode> {
  return new Map(
    alternativesOf(node).flatMap(({ properties }) =>
      Object.entries(properties ?? {}).filter((entry): entry is [string, SchemaNode] =>
        isNode(entry[1]),
      ),
    ),
  );
}

/** What every element of a list must be. */
export function itemsOf(node: SchemaNode): SchemaNode | undefined {
  return alternativesOf(node)
    .map(({ items }) => items)
    .find(isNode);
}

/** What every value of a map must be. */
export function valuesOf(node: SchemaNode): SchemaNode | undefined {
  return alternativesOf(node)
    .map(({ additionalProperties }) => additionalProperties)
    .find(isNode);
}

/** The node at `path`; undefined where the schema knows nothing. */
export function nodeAt(root: SchemaNode, path: SettingPath): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, step) => {
    if (node === undefined) return undefined;
    return childrenOf(node).get(String(step)) ?? itemsOf(node) ?? valuesOf(node);
  }, root);
}

/** What a text stands for; undefined: for itself. */
export function kindOf(node: SchemaNode): Kind | undefined {
  const kind = node[KIND];
  return KINDS.find((known) => known === kind);
}

const KINDS: readonly Kind[] = ['duration', 'bytes', 'secret', 'sensitive'];

/** Every setting below `node`, in the order of the schema. A secret is one setting, not two. */
export function settingsOf(node: SchemaNode, path: readonly string[] = []): readonly Setting[] {
  const children = kindOf(node) === undefined ? childrenOf(node) : new Map<string, SchemaNode>();
  if (children.size === 0) return [{ path, node }];
  return [...children].flatMap(([name, child]) => settingsOf(child, [...path, name]));
}

/** `clients[0].redirectUris`, `claims["https://example.com/roles"]`. */
export function pathText(path: SettingPath): string {
  return path.map(stepText).join('').replace(/^\./, '');
}

function stepText(step: PropertyKey): string {
  if (typeof step === 'number') return `[${step}]`;
  const name = String(step);
  return /^[\w-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
