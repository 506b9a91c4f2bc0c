import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import { randomId } from '../runtime/random.ts';
import { isClientId } from './client-id.ts';
import { InvalidClient, type ClientPolicy, type NewClient } from './clients.ts';
import { readMetadata } from './metadata.ts';
import { storedPolicy } from './policy.ts';
import { strongerProfile, type SecurityProfile } from './security-profile.ts';

/** By whom a client is described, and where. */
export interface ReadingRules {
  readonly actor: Actor;
  readonly profile: 'dev' | 'production';
  /** What it is held to, at the least. */
  readonly security: SecurityProfile | undefined;
}

/** Ids that are drawn never begin with `-`, which a command line would take for an option. */
export function newClientId(): string {
  for (;;) {
    const id = randomId(16, 'client');
    if (isClientId(id)) return id;
  }
}

/** @throws {InvalidClient} with every mistake. */
export function readNewClient(
  { id, metadata, policy }: NewClient,
  rules: ReadingRules,
): { readonly registered: JsonObject; readonly policy: Partial<ClientPolicy> } {
  const stored = storedPolicy.safeParse(policy ?? {});
  const security = strongerProfile(stored.data?.profile, rules.security);
  const read = registeredIn(metadata, { ...rules, security });
  const problems = [
    ...(id === undefined || isClientId(id)
      ? []
      : ['id: expected 1 to 128 letters, digits, or . _ ~ - : / @ +']),
    ...read.problems,
    ...(stored.error?.issues ?? []).map(
      ({ path, message }) => `policy.${path.join('.')}: ${message}`,
    ),
  ];
  if (stored.data === undefined || problems.length > 0) throw new InvalidClient(problems);
  return { registered: read.registered, policy: stored.data };
}

/** @throws {InvalidClient} with every mistake. */
export function readRegistered(metadata: JsonObject, rules: ReadingRules): JsonObject {
  const { registered, problems } = registeredIn(metadata, rules);
  if (problems.length > 0) throw new InvalidClient(problems);
  return registered;
}

function registeredIn(
  raw: JsonObject,
  { actor, profile, security }: ReadingRules,
): { readonly registered: JsonObject; readonly problems: readonly string[] } {
  const rules = { isDev: profile === 'dev', isStrict: actor.by !== 'registration', security };
  const { metadata, problems } = readMetadata(raw, rules);
  return {
    registered: metadata,
    problems: problems.map(({ path, message }) => `${path.join('.')}: ${message}`),
  };
}
