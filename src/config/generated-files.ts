import type { z } from 'zod';
import { configurationMarkdown } from './configuration-markdown.ts';
import { exampleYaml } from './example-yaml.ts';
import { jsonSchema } from './json-schema.ts';

/** The files that are written from the schema, by their path in the project. */
export function generatedFiles(schema: z.ZodType): ReadonlyMap<string, string> {
  return new Map([
    ['config/latchkey.example.yaml', exampleYaml(schema)],
    ['config/schema.json', `${JSON.stringify(jsonSchema(schema), undefined, 2)}\n`],
    ['docs/configuration.md', configurationMarkdown(schema)],
  ]);
}
