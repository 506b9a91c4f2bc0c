import { z } from 'zod';
import { isRegularExpression } from '../../config/values.ts';

const MEMBER = /^[A-Za-z_$][\w$-]*(?:\.[A-Za-z_$][\w$-]*){0,3}$/;
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;
const TYPES_MAX = 50;
const FIELDS_MAX = 50;

const text = z.string().min(1).max(300);
const words = z.union([text, z.record(z.string().regex(LANGUAGE), text)]);

const field = z
  .strictObject({
    name: z
      .string()
      .regex(MEMBER, { error: 'expected the name of a member, with dots between levels' })
      .describe('The member; `amount.currency` is the member `currency` of the object `amount`.'),
    label: words.describe('What people read before its value: a text, or texts by language.'),
    type: z.enum(['text', 'number', 'list']).default('text').describe('`list`: several texts.'),
    required: z.boolean().default(false).describe('Whether it must be there.'),
    values: z
      .array(z.string().min(1).max(100))
      .max(200)
      .default([])
      .describe('What its texts may be; left out: anything.'),
    pattern: z
      .string()
      .max(200)
      .refine(isRegularExpression, { error: 'expected a regular expression' })
      .optional()
      .describe('Regular expression that the whole of each text must match.'),
    max: z.int().min(1).max(1000).default(200).describe('Characters of each text at most.'),
  })
  .refine(({ name }) => name !== 'type', { path: ['name'], error: 'is what names the type' });

/** A type of authorization details (RFC 9396 section 2): nothing that is not declared is in one. */
export const detailType = z
  .strictObject({
    type: z.string().min(1).max(100).describe('Its name in requests, often a URI.'),
    name: words.describe('What people are asked to allow: a text, or texts by language.'),
    description: words.optional().describe('What that means for them.'),
    apis: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('APIs whose tokens may hold it; left out: any.'),
    fields: z
      .array(field)
      .max(FIELDS_MAX)
      .default([])
      .describe('Its members. All that is in one is shown, in this order.'),
  })
  .superRefine(({ fields }, context) => {
    const names = fields.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      const isTaken = names.some(
        (other, at) =>
          at < index && (other === name || isWithin(other, name) || isWithin(name, other)),
      );
      if (isTaken)
        context.addIssue({
          code: 'custom',
          path: ['fields', index, 'name'],
          message: 'is there twice, or holds another',
        });
    }
  });

/** All types of an installation. */
export const detailTypes = z.array(detailType).max(TYPES_MAX).default([]);

/** One type, as it is declared. */
export type DetailType = z.output<typeof detailType>;

/** A text, or texts by language tag (RFC 5646). */
export type Words = z.output<typeof words>;

function isWithin(name: string, outer: string): boolean {
  return name.startsWith(`${outer}.`);
}
