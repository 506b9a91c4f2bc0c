import type { z } from 'zod';
import { treeOf, type SchemaNode } from './schema-tree.ts';

/** The JSON Schema by which an editor completes and checks a configuration file. */
export function jsonSchema(schema: z.ZodType): SchemaNode {
  const { $schema, ...rest } = treeOf(schema);
  return { $schema, title: 'Configuration of Latchkey', ...rest };
}
