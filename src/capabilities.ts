import { accountPage } from './account-page/capability.ts';
import type { Added, Capability, House, Registration } from './capability.ts';
import { installationOf } from './config/installation.ts';
import { dev } from './dev/capability.ts';
import type { InteractionRoutesOptions } from './interactions/interaction-routes.ts';
import { isAllowedAddress } from './joining/allowed-address.ts';
import { joining } from './joining/capability.ts';
import { recovery } from './recovery/capability.ts';
import type { Settings } from './settings.ts';

/** What an installation may leave out, one line each. */
const CAPABILITIES = [
  installed(joining),
  installed(recovery),
  installed(accountPage),
  installedWhen(
    'auth0',
    ({ tenants }) => tenants.length > 0,
    async () => {
      const { auth0 } = await import('./auth0/capability.ts');
      return auth0;
    },
  ),
  installedWhen(
    'cognito',
    ({ enabled }) => enabled,
    async () => {
      const { cognito } = await import('./cognito/capability.ts');
      return cognito;
    },
  ),
  installed(dev),
] as const;

/** What `settings` and the capabilities say of the house, and not a room of it. */
type Said =
  | 'isDev'
  | 'authentication'
  | 'duties'
  | 'registration'
  | 'isMailboxFactor'
  | 'attributes'
  | 'hasMail'
  | 'accountUrl'
  | 'limits'
  | 'people'
  | 'lives'
  | 'passwordRules';

/** What the capabilities that are switched on add. */
export async function addCapabilities(
  rooms: Omit<House, Said>,
  settings: Settings,
): Promise<Required<Omit<Added, 'isMailboxFactor'>>> {
  const { isDev } = installationOf(settings);
  const { authentication, accounts } = settings;
  let added: readonly Added[] = [];
  const house = {
    ...rooms,
    isDev,
    async isMailboxFactor(accountId: string) {
      const asked = added.map(async (one) => await one.isMailboxFactor?.(accountId));
      return (await Promise.all(asked)).includes(true);
    },
    authentication,
    duties: dutiesOf(settings),
    registration: registrationOf(settings),
    attributes: accounts.attributes,
    limits: settings.signIn.limits,
    passwordRules: settings.signIn.password,
    people: settings.people,
    lives: settings.revocation,
    hasMail: hasMail(settings),
    accountUrl: accountUrlOf(settings),
  };
  const all = await Promise.all(CAPABILITIES.map(async (add) => await add(settings, house)));
  added = all.filter((one) => one !== undefined);
  return {
    routers: added.flatMap(({ routers = [] }) => routers),
    sites: added.flatMap(({ sites = [] }) => sites),
    connectedClients: added.flatMap(({ connectedClients = [] }) => connectedClients),
    close() {
      for (const one of added) one.close?.();
    },
  };
}

/** What is asked of whoever signs in, wherever that is. */
export function dutiesOf(
  settings: Settings,
): Pick<InteractionRoutesOptions, 'requireVerifiedEmail' | 'terms'> {
  const { joining: asked } = settings;
  return {
    // Where no letter goes out, no address can be verified.
    requireVerifiedEmail: asked.requireVerifiedEmail && hasMail(settings),
    terms: asked.terms?.atSignIn ? asked.terms : undefined,
  };
}

/** How people come to an account by themselves. */
function registrationOf(settings: Settings): Registration {
  const { joining: asked, recovery: offered } = settings;
  const isOpen = asked.mode === 'open' && hasMail(settings);
  return {
    isOpenTo: (address) => isOpen && isAllowedAddress(address, asked),
    // A number is in no domain: where only some are let in, none is.
    isOpenToNumbers: asked.mode === 'open' && asked.allowedDomains.length === 0,
    canRecover: offered.enabled && hasMail(settings),
  };
}

/** Where people look after their own account; empty: nowhere. */
export function accountUrlOf({ accountPage: { enabled } }: Pick<Settings, 'accountPage'>): string {
  return enabled ? '/account' : '';
}

/** Whether letters reach anybody; in the dev profile there is the inbox. */
export function hasMail(settings: Settings): boolean {
  return installationOf(settings).isDev || settings.mail.smtp.host !== undefined;
}

/** A capability that finds its own section in the settings of all. */
function installed<Name extends string, Section>({
  name,
  create,
}: Capability<Name, Section>): (
  settings: Readonly<Record<Name, Section>>,
  house: House,
) => ReturnType<Capability<Name, Section>['create']> {
  return (settings, house) => create(settings[name], house);
}

/** The same for a large one: its code is loaded where its section switches it on. */
function installedWhen<Name extends keyof Settings>(
  name: Name,
  isOn: (section: Settings[Name]) => boolean,
  load: () => Promise<Capability<Name, Settings[Name]>>,
): (settings: Settings, house: House) => Promise<Added | undefined> {
  return async (settings, house) =>
    isOn(settings[name]) ? await (await load()).create(settings[name], house) : undefined;
}
