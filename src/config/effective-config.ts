import type { z } from 'zod';
import { bytesText, durationText } from './measures.ts';
import { childrenOf, itemsOf, kindOf, treeOf, valuesOf, type SchemaNode } from './schema-tree.ts';

const MASK = '[masked]';
/** Belt and braces for a setting whose schema forgot to say that it is sensitive. */
const SENSITIVE_NAME = /password|secret|passphrase|hash$/i;
const CREDENTIALS = /(?<=:\/\/)[^\s/@]*:[^\s/@]*(?=@)/g;

/**
 * `settings` as a file would write them, to be shown: measures in units, secrets masked. References to
 * secrets stay, since where a secret lies is what an operator needs to see.
 */
export function effectiveConfig(settings: unknown, schema: z.ZodType): unknown {
  return shown(settings, treeOf(schema), '');
}

function shown(value: unknown, node: SchemaNode, name: string): unknown {
  if (kindOf(node) === 'secret') return value;
  if (typeof value === 'number') return measure(value, node);
  if (typeof value === 'string') return text(value, node, name);
  if (Array.isArray(value)) return value.map((item) => shown(item, itemsOf(node) ?? {}, name));
  if (value instanceof Map) return shown(Object.fromEntries(value), node, name);
  if (typeof value !== 'object' || value === null) return value;
  const children = childrenOf(node);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key, shown(part, children.get(key) ?? valuesOf(node) ?? {}, key)]),
  );
}

function measure(value: number, node: SchemaNode): unknown {
  const kind = kindOf(node);
  if (kind === 'duration') return durationText(value);
  return kind === 'bytes' ? bytesText(value) : value;
}

function text(value: string, node: SchemaNode, name: string): string {
  const isSensitive = kindOf(node) === 'sensitive' || SENSITIVE_NAME.test(name);
  return isSensitive ? MASK : value.replaceAll(CREDENTIALS, MASK);
}
