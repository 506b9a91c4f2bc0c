import { accountPage } from './account-page/capability.ts';
import type { Added, Capability, House } from './capability.ts';
import { dev } from './dev/capability.ts';
import { joining } from './joining/capability.ts';
import { recovery } from './recovery/capability.ts';

/** What an installation may leave out, one line each. */
export const CAPABILITIES = [
  installed(joining),
  installed(recovery),
  installed(accountPage),
  installed(dev),
] as const;

/** A capability that finds its own section in the settings of all. */
function installed<Name extends string, Section>({
  name,
  create,
}: Capability<Name, Section>): (
  settings: Readonly<Record<Name, Section>>,
  house: House,
) => Added | undefined {
  return (settings, house) => create(settings[name], house);
}
