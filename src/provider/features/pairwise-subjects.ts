import { z } from 'zod';
import { sectorOf } from '../../subjects/sectors.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** Subjects that differ from sector to sector (OpenID Connect Core section 8). */
export const pairwiseSubjectsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Clients may register subject_type "pairwise": each sector knows people by another `sub`. Leave it on while there are such clients.',
      ),
  })
  .prefault({});

export function pairwiseSubjects(
  { enabled }: z.output<typeof pairwiseSubjectsConfig>,
  { subjects, ownerOf }: FeatureOptions,
): Feature | undefined {
  if (!enabled) return undefined;
  return {
    configuration: {
      subjectTypes: ['public', 'pairwise'],
      pairwiseIdentifier(_ctx, accountId, client) {
        const owner = ownerOf(client);
        const sector = owner && sectorOf(owner);
        // The name that all know must not slip out in its place.
        if (sector === undefined) throw new TypeError('a pairwise client without a sector');
        return subjects.of(sector, accountId);
      },
    },
    announced: { subject_types_supported: ['pairwise'] },
  };
}
