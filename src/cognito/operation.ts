import type { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { CognitoException } from './exception.ts';
import { validationWords } from './validation-words.ts';

/** What one operation of the API does with a request of a shape that it knows. */
export interface Operation {
  /** Only for operators, who sign their requests. */
  readonly isSigned: boolean;
  /** @throws {CognitoException} */
  run(body: unknown, origin: Origin): Promise<JsonObject>;
}

/** Operations by the name that `X-Amz-Target` gives them. */
export type Operations = Readonly<Record<string, Operation>>;

/** An operation whose input is decoded by `input`; members that we do not know are left out, as AWS does. */
export function operation<Input>(
  input: z.ZodType<Input>,
  run: (request: Input, origin: Origin) => Promise<JsonObject>,
): Operation {
  return {
    isSigned: false,
    async run(body, origin) {
      const { success, data, error } = input.safeParse(body, { reportInput: true });
      if (success) return await run(data, origin);
      throw new CognitoException('InvalidParameterException', validationWords(error));
    },
  };
}

/** One that only operators may use. */
export function signedOperation<Input>(
  input: z.ZodType<Input>,
  run: (request: Input, origin: Origin) => Promise<JsonObject>,
): Operation {
  return { ...operation(input, run), isSigned: true };
}
