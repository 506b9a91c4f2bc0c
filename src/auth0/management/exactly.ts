import { z } from 'zod';

/** An object with these properties and no others, refused as Auth0 refuses it. */
export function exactly<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `Additional properties not allowed: ${issue.keys.join(',')}`
        : undefined,
  });
}
