import { z } from 'zod';
import type { Sealer } from '../runtime/sealing.ts';

const contentSchema = z.strictObject({
  data: z.record(z.string(), z.union([z.string(), z.number()])),
  languages: z.array(z.string()),
  own: z.strictObject({ subject: z.string().optional(), html: z.string().optional() }).optional(),
});

/** What a letter reads, and in which languages: all of it that could help a thief. */
export type LetterContent = z.output<typeof contentSchema>;

export function sealContent(
  sealer: Sealer,
  { id, content }: { readonly id: string; readonly content: LetterContent },
): string {
  return sealer.seal(Buffer.from(JSON.stringify(content), 'utf8'), contextOf(id));
}

/** @throws {SealBroken} when it was sealed for another letter, changed, or under a master key that we do not know. */
export function openContent(
  sealer: Sealer,
  { id, content }: { readonly id: string; readonly content: string },
): LetterContent {
  const plain = Buffer.from(sealer.open(content, contextOf(id)));
  return contentSchema.parse(JSON.parse(plain.toString('utf8')));
}

/** A sealed text does not open in another letter's row. */
function contextOf(id: string): string {
  return `letter ${id}`;
}
