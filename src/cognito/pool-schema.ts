import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { STANDARD_ATTRIBUTES, type StandardName } from './standard-attributes.ts';
import type { CustomAttribute, Limits, Pool, StandardAttribute } from './pool.ts';

const CUSTOM_NAME = /^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$/u;
/** Limits are texts on the wire. */
const limit = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number)
  .nullish();

const attribute = z.object({
  Name: z.string().min(1).max(30),
  AttributeDataType: z.enum(['String', 'Number', 'DateTime', 'Boolean']).default('String'),
  Mutable: z.boolean().default(true),
  Required: z.boolean().default(false),
  StringAttributeConstraints: z.object({ MinLength: limit, MaxLength: limit }).nullish(),
  NumberAttributeConstraints: z.object({ MinValue: limit, MaxValue: limit }).nullish(),
});
type AttributeInput = z.output<typeof attribute>;

/** Attributes as `Schema` and `AddCustomAttributes` have them. */
export const schemaInput = z.array(attribute).max(50);

/** What a schema says of the standard attributes, and which it has beside them. */
export function readSchema(
  given: z.output<typeof schemaInput>,
): Pick<Pool, 'attributes' | 'standardAttributes'> {
  const named = given.map((one) => ({ one, name: one.Name.replace(/^custom:/, '') }));
  return {
    attributes: named.flatMap(({ one, name }) =>
      CUSTOM_NAME.test(name) && !isStandard(name)
        ? [{ name, type: one.AttributeDataType, mutable: one.Mutable, ...limitsOf(one) }]
        : [],
    ),
    standardAttributes: named.flatMap(({ one, name }) =>
      isStandard(name)
        ? [{ name, required: one.Required, mutable: one.Mutable, ...limitsOf(one) }]
        : [],
    ),
  };
}

/** `SchemaAttributes`: the standard ones as AWS has them but for what the pool says, then the pool's own. */
export function schemaView(pool: Pool): readonly JsonObject[] {
  const said = new Map<string, StandardAttribute>(
    pool.standardAttributes.map((one) => [one.name, one]),
  );
  const standard = Object.entries(STANDARD_ATTRIBUTES).map(([name, known]) =>
    view(name, { required: false, mutable: true, ...known, ...said.get(name) }),
  );
  const custom = pool.attributes.map((one) =>
    view(`custom:${one.name}`, { required: false, ...one }),
  );
  return [...standard, ...custom];
}

function view(
  name: string,
  {
    type,
    required,
    mutable,
    min,
    max,
  }: Omit<StandardAttribute, 'name'> & Pick<CustomAttribute, 'type'>,
): JsonObject {
  const [least, most] = type === 'String' ? ['MinLength', 'MaxLength'] : ['MinValue', 'MaxValue'];
  const limits = {
    ...(min !== undefined && { [least]: String(min) }),
    ...(max !== undefined && { [most]: String(max) }),
  };
  return {
    Name: name,
    AttributeDataType: type,
    DeveloperOnlyAttribute: false,
    Mutable: mutable,
    Required: required,
    ...(Object.keys(limits).length > 0 && {
      [type === 'String' ? 'StringAttributeConstraints' : 'NumberAttributeConstraints']: limits,
    }),
  };
}

function limitsOf({
  StringAttributeConstraints: text,
  NumberAttributeConstraints: number,
}: AttributeInput): Limits {
  const min = text?.MinLength ?? number?.MinValue;
  const max = text?.MaxLength ?? number?.MaxValue;
  return { ...(min != null && { min }), ...(max != null && { max }) };
}

function isStandard(name: string): name is StandardName {
  return Object.hasOwn(STANDARD_ATTRIBUTES, name);
}
