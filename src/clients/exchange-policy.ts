import { z } from 'zod';

const identifier = z.string().min(1).max(255);

/** Stands for the tokens of every client. */
export const ANY_CLIENT = '*';

/** What a client may make of the tokens of others (RFC 8693). */
export const exchangePolicy = z.strictObject({
  subjects: z
    .array(identifier)
    .min(1)
    .max(100)
    .describe('Clients whose people\'s access tokens it may exchange; "*": of all.'),
  audiences: z
    .array(identifier)
    .min(1)
    .max(100)
    .describe('APIs that it may get tokens for in exchange.'),
  impersonation: z
    .boolean()
    .default(false)
    .describe('It may get tokens that do not say that it acts for the person.'),
  delegation: z
    .boolean()
    .default(true)
    .describe('It may get tokens that say who acts for the person, in `act`.'),
});

/** The same, read. */
export type ExchangePolicy = Readonly<z.output<typeof exchangePolicy>>;
