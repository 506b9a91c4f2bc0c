import { z } from 'zod';
import type { Actor } from '../runtime/origin.ts';
import { poolOf } from './addressed.ts';
import { poolOfArn } from './arn.ts';
import { signedOperation, type Operation } from './operation.ts';
import { changePool } from './pool-administration.ts';
import { tagsInput } from './pool-input.ts';
import type { Room } from './room.ts';

type Tags = Readonly<Record<string, string>>;

const ofResource = z.object({ ResourceArn: z.string().max(2048) });

/** Tags of pools. They are told to whoever asks, and change nothing. */
export function tagOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    ListTagsForResource: signedOperation(ofResource, async ({ ResourceArn }) => {
      const { made } = await poolOf(poolOfArn(ResourceArn) ?? ResourceArn, room);
      return { Tags: { ...made?.tags } };
    }),
    TagResource: signedOperation(
      ofResource.extend({ Tags: tagsInput }),
      async ({ ResourceArn, Tags: added }, origin) => {
        const actor = { by: 'cognito', origin };
        await retag({ arn: ResourceArn, actor, next: (tags) => ({ ...tags, ...added }) }, room);
        return {};
      },
    ),
    UntagResource: signedOperation(
      ofResource.extend({ TagKeys: z.array(z.string()) }),
      async ({ ResourceArn, TagKeys: gone }, origin) => {
        const next = (tags: Tags): Tags =>
          Object.fromEntries(Object.entries(tags).filter(([name]) => !gone.includes(name)));
        await retag({ arn: ResourceArn, actor: { by: 'cognito', origin }, next }, room);
        return {};
      },
    ),
  };
}

async function retag(
  {
    arn,
    actor,
    next,
  }: { readonly arn: string; readonly actor: Actor; readonly next: (tags: Tags) => Tags },
  room: Room,
): Promise<void> {
  const id = poolOfArn(arn) ?? arn;
  await changePool(id, actor, room, (known) => ({ ...known, tags: next(known.tags) }));
}
