import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of ten seconds and more, the slowest first. */
const SLOW = [
  'fault/rotation-nodes',
  'integration/package-image',
  'integration/package-tarball',
  'e2e/two-nodes',
  'e2e/cognito',
  'e2e/pages',
  'integration/status-lists/status-lists',
  'fault/redis-cluster',
  'fault/node-kill',
  'contract/redis-sentinel',
  'e2e/people-on-servers',
  'fault/node-clock',
  'fault/revocation-feed',
  'fault/redis-sentinel',
  'integration/verifier/verifier',
  'e2e/storing-tokens',
  'fault/rolling-upgrade',
  'integration/compose-first-sign-in',
  'integration/status-lists/failures',
  'fault/signing-keys-nodes',
  'e2e/workers',
  'e2e/account-page',
  'e2e/cognito-hosted',
  'e2e/sign-in-steps',
  'contract/redis-cluster',
  'fault/signing-keys-runbook',
  'contract/embedded',
  'fault/node-redis-outage',
  'fault/node-sigterm',
  'e2e/try-page',
  'fault/revocation-redis',
  'e2e/joining',
  'integration/revocation/loss',
  'e2e/oidc-client-ts',
  'fault/node-lost-replies',
  'e2e/auth0',
].map((name) => `test/${name}.test.ts`);

/**
 * Starts with what takes longest, so that no core waits at the end for a file that began late. A fresh checkout has no
 * times of an earlier run, and the size of a file does not tell: some of the slowest are the shortest.
 */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's: it gives another
    const sorted = await super.sort(files);
    return sorted.toSorted(
      (one, other) => groupOf(one) - groupOf(other) || rank(one) - rank(other),
    );
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function rank({ project, moduleId }: TestSpecification): number {
  const place = SLOW.indexOf(relative(project.config.root, moduleId));
  return place === -1 ? SLOW.length : place;
}
