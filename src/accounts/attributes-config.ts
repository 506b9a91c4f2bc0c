import { z } from 'zod';
import { isRegularExpression } from '../config/values.ts';

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const VALUES_MAX = 200;

const attribute = z
  .strictObject({
    name: z
      .string()
      .regex(NAME, { error: 'expected a letter, then letters, digits and _, at most 64' })
      .describe('The name that the attribute is kept under.'),
    type: z
      .enum(['string', 'number', 'boolean', 'date', 'enum', 'list'])
      .describe('`date`: YYYY-MM-DD; `enum`: one of `values`; `list`: several texts.'),
    required: z.boolean().default(false).describe('Whether everybody must have it.'),
    values: z
      .array(z.string().min(1).max(100))
      .max(VALUES_MAX)
      .default([])
      .describe('What an `enum` is one of, and the entries of a `list`, if any are named.'),
    pattern: z
      .string()
      .max(200)
      .refine(isRegularExpression, { error: 'expected a regular expression' })
      .optional()
      .describe('Regular expression that the whole of a `string`, or of each entry, must match.'),
    max: z
      .int()
      .min(1)
      .max(1000)
      .default(200)
      .describe('Characters of a `string` or an entry at most.'),
    editableBy: z
      .enum(['person', 'operator'])
      .default('operator')
      .describe('Who may change it: the person as well as operators, or operators alone.'),
    sensitive: z
      .boolean()
      .default(false)
      .describe(
        'Shown to the person and in exports alone, and told in no token that is not encrypted.',
      ),
  })
  .refine(({ type, values }) => type !== 'enum' || values.length > 0, {
    path: ['values'],
    error: 'is missing: an enum needs values to be one of',
  });

/** What an installation keeps of its people beside the standard claims. */
export const accountsConfig = z
  .strictObject({
    attributes: z
      .array(attribute)
      .default([])
      .superRefine((attributes, context) => {
        const seen = new Set<string>();
        for (const [index, { name }] of attributes.entries()) {
          if (seen.has(name))
            context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is there twice' });
          seen.add(name);
        }
      })
      .describe(
        'Attributes that people have. With none declared, operators may write any and people none; with some, all others are refused.',
      ),
  })
  .prefault({});

export type DeclaredAttribute = z.output<typeof attribute>;
export type AccountsSettings = z.output<typeof accountsConfig>;
