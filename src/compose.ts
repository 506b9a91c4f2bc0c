import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { accountClient } from './account-page/account-client.ts';
import { hostedProfiles } from './cognito/profile.ts';
import { resealPools, type ResealedPools } from './cognito/reseal.ts';
import { deleteUsers, forgetVerifiers } from './cognito/user-queries.ts';
import type { Accounts } from './accounts/accounts.ts';
import { createAccounts } from './accounts/create-accounts.ts';
import { lettingLockedIn } from './accounts/letting-locked-in.ts';
import { createTickets } from './accounts/create-tickets.ts';
import type { Tickets } from './accounts/tickets.ts';
import { tenantClients } from './auth0/clients.ts';
import { ownMetadata } from './auth0/own-metadata.ts';
import { deleteMemberships } from './auth0/organizations/organization-queries.ts';
import { tenantProfiles } from './auth0/profiles.ts';
import { withAuth0Subjects } from './auth0/subjects.ts';
import { deleteMetadata } from './auth0/user-metadata-queries.ts';
import { createUserMetadata } from './auth0/user-metadata.ts';
import type { Audit } from './audit/audit.ts';
import { createAudit } from './audit/create-audit.ts';
import { installationOf } from './config/installation.ts';
import { openViews, type Views } from './http/views.ts';
import { createOutbound, type Outbound } from './http/outbound.ts';
import { deleteConsents } from './provider/consent-queries.ts';
import type { Clients } from './clients/clients.ts';
import type { DeclaredClient } from './clients/config.ts';
import { createClients } from './clients/create-clients.ts';
import { withDocuments } from './clients/documents/with-documents.ts';
import { openResourceServers, type KeptResourceServers } from './clients/kept-resource-servers.ts';
import { createMail } from './mail/create-mail.ts';
import { createMailAdministration, type MailAdministration } from './mail/administration.ts';
import type { Mail } from './mail/mail.ts';
import { deleteFactors, forgetDevices } from './factors/account-statements.ts';
import { createFactors } from './factors/create-factors.ts';
import type { Factors } from './factors/factors.ts';
import { createFlows } from './flows/create-flows.ts';
import type { Flows } from './flows/flows.ts';
import { createGroups } from './groups/create-groups.ts';
import { forgetAccount } from './groups/group-queries.ts';
import type { Groups } from './groups/groups.ts';
import { joinClient } from './joining/join-client.ts';
import { createNotices, type Notices } from './notices/notices.ts';
import { createRestorer, type Restorer } from './notices/restorer.ts';
import type { IssuerProfile } from './provider/contract.ts';
import { requestKeyAlgorithms } from './provider/features/encrypted-requests.ts';
import { createTakeBack, type TakeBack } from './provider/take-back.ts';
import { createRevocation, type RevocationRoom } from './revocation/create-revocation.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import type { Logger } from './runtime/logger.ts';
import type { Sealer } from './runtime/sealing.ts';
import { createSms } from './sms/create-sms.ts';
import type { Sms } from './sms/sms.ts';
import type { JsonObject } from './runtime/json.ts';
import type { Settings } from './settings.ts';
import { createKeyAdministration, type KeyAdministration } from './signing-keys/administration.ts';
import { openSealer } from './signing-keys/master-key.ts';
import { openStorage, type Storage } from './storage/open.ts';
import { createSubjects } from './subjects/create-subjects.ts';
import type { Subjects } from './subjects/subjects.ts';
import { tellSectors } from './subjects/tell-sectors.ts';
import { type Records, RecordsUnavailable } from './storage/records.ts';
import type { State } from './storage/state.ts';

/** Of the one issuer profile that an installation has. */
export const NAMESPACE = 'main';
const ASK_AGAIN_SECONDS = 1;
const VIEWS = fileURLToPath(new URL('../views', import.meta.url));

/** What the operator calls this node. */
export function nameOf({ audit }: Settings): string {
  return audit.node ?? hostname();
}

/** What a node and a command are given from outside. */
export interface ComposeOptions {
  readonly logger: Logger;
  /** The machine's when left out. */
  readonly clock?: Clock | undefined;
  /** Ends a start that waits for a store. */
  readonly signal: AbortSignal;
  /** Opened already; left out: as the settings say. */
  readonly storage?: Storage | undefined;
  /** See `RevocationOptions`. */
  readonly beyond?: number | undefined;
}

/** The rooms that nodes and commands share. */
export interface Rooms {
  readonly settings: Settings;
  readonly profile: IssuerProfile;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sealer: Sealer;
  readonly state: State;
  readonly records: Records;
  readonly audit: Audit;
  readonly revocation: RevocationRoom;
  readonly subjects: Subjects;
  readonly takeBack: TakeBack;
  readonly flows: Flows;
  readonly notices: Notices;
  readonly restorer: Restorer;
  /** The one way out of the house. */
  readonly outbound: Outbound;
  readonly tickets: Tickets;
  readonly accounts: Accounts;
  readonly factors: Factors;
  /** The same, where whoever is locked proves and enrols like anybody else: to recover the account. */
  readonly factorsOfLocked: Factors;
  readonly groups: Groups;
  readonly clients: Clients;
  readonly resourceServers: KeptResourceServers;
  readonly keyAdministration: KeyAdministration;
  readonly mail: Mail;
  readonly mailAdministration: MailAdministration;
  readonly sms: Sms;
  /** Seals anew what pools of Cognito keep under the master key. */
  readonly resealPools: (next: Sealer) => Promise<ResealedPools>;
  readonly keptBeside: (accountId: string) => Promise<JsonObject>;
  close(): Promise<void>;
}

/** Opens the rooms on the stores of `settings`; what was opened is closed again when one of them fails. */
export async function openRooms(settings: Settings, options: ComposeOptions): Promise<Rooms> {
  const profile = { issuer: settings.issuer, namespace: NAMESPACE };
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    // The last opened first: each may still need those before it.
    for (const closeOne of closers.splice(0).toReversed()) await closeOne();
  };
  const kept = <One extends { close(): Promise<void> }>(one: One): One => {
    closers.push(() => one.close());
    return one;
  };

  try {
    const ground = await openGround(settings, options, kept);
    const log = kept(
      await createRevocation({
        ...ground,
        settings: settings.revocation,
        namespace: NAMESPACE,
        beyond: options.beyond,
      }),
    );
    const mail = kept(createMail(ground));
    const { isDev } = installationOf(settings);
    const sms = createSms({ ...ground, queue: mail, settings: settings.sms, isDev });
    const clients = kept(await openClients(settings, { ...ground, revocation: log }));
    const subjects = withAuth0Subjects(createSubjects({ ...ground, namespace: NAMESPACE }));
    const revocation = knowsPairwise(settings) ? tellSectors(log, { clients, subjects }) : log;
    const accounts = kept(openAccounts(settings, { ...ground, revocation }));
    const resourceServers = await openResourceServers({ ...ground, declared: settings.apis });
    const base = { ...ground, accounts, resourceServers, settings, profile, revocation };
    const others = createOthers(base);
    const notices = createNoticeRooms({ ...base, ...others, mail });
    return { ...base, ...others, ...notices, subjects, clients, mail, sms, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Kept = <One extends { close(): Promise<void> }>(one: One) => One;

/** What every room stands on. */
type Ground = Pick<
  Rooms,
  'state' | 'records' | 'clock' | 'logger' | 'audit' | 'sealer' | 'outbound'
>;

async function openGround(
  settings: Settings,
  options: ComposeOptions,
  kept: Kept,
): Promise<Ground> {
  const { logger, clock = systemClock } = options;
  const sealer = await openSealer(settings.signingKeys);
  const { state, records } = kept(
    options.storage ?? (await openStorage(settings.storage, { clock, logger })),
  );
  await whenAnswered(() => records.migrate(), options);
  const node = nameOf(settings);
  const audit = kept(createAudit({ records, clock, logger, node, settings: settings.audit }));
  const { isDev } = installationOf(settings);
  const outbound = kept(createOutbound({ settings: settings.http.outbound, isHttpAllowed: isDev }));
  return { state, records, clock, logger, audit, sealer, outbound };
}

/** Those of the configuration and of records, and those that documents describe where that is on. */
async function openClients(
  settings: Settings,
  ground: Ground & Pick<Rooms, 'revocation'>,
): Promise<Clients> {
  const { profile, protocol } = settings;
  const declared = [...settings.clients, ...ownClients(settings), ...tenantClients(settings.auth0)];
  const { required } = protocol.fapi2;
  const security = required === 'off' ? undefined : required;
  const clients = await createClients({ ...ground, declared, profile, security });
  if (!protocol.clientIdMetadata.enabled) return clients;
  return withDocuments(clients, {
    ...ground,
    profile,
    settings: protocol.clientIdMetadata,
    outboundFetch: ground.outbound.fetch,
  });
}

function openAccounts(settings: Settings, ground: Ground & Pick<Rooms, 'revocation'>): Accounts {
  return createAccounts({
    ...ground,
    settings: settings.signIn,
    attributes: settings.accounts.attributes,
    belongings: [
      deleteConsents,
      forgetAccount,
      deleteFactors,
      deleteUsers,
      deleteMetadata,
      deleteMemberships,
    ],
    distrust: [forgetDevices, forgetVerifiers],
    outboundFetch: ground.outbound.fetch,
    decoySecret: Buffer.from(ground.sealer.keysFor('decoys')[0]).toString('base64url'),
  });
}

type Others =
  | 'takeBack'
  | 'mailAdministration'
  | 'resealPools'
  | 'tickets'
  | 'flows'
  | 'factors'
  | 'factorsOfLocked'
  | 'groups'
  | 'keyAdministration'
  | 'keptBeside';

/** The rooms that hold nothing open. */
function createOthers(
  base: Ground &
    Pick<Rooms, 'accounts' | 'resourceServers' | 'settings' | 'profile' | 'revocation'>,
): Pick<Rooms, Others> {
  const { settings } = base;
  const metadata = createUserMetadata(base);
  return {
    takeBack: createTakeBack({
      ...base,
      furtherProfiles: [...tenantProfiles(settings.auth0), ...hostedProfiles(settings.cognito)],
      longestTokenSeconds: settings.revocation.longestToken,
    }),
    mailAdministration: createMailAdministration({
      ...base,
      settings: settings.mail,
      name: settings.pages.name,
      openStationery: () => openHouseViews(settings),
    }),
    resealPools: (next) => resealPools(base, next),
    tickets: createTickets(base),
    flows: createFlows({ ...base, namespace: NAMESPACE }),
    ...createFactorRooms(base),
    keptBeside: (accountId) => ownMetadata(accountId, metadata),
    groups: createGroups({ ...base, declared: settings }),
    keyAdministration: createKeyAdministration({
      ...base,
      settings: settings.signingKeys,
      encryptionAlgorithms: requestKeyAlgorithms(settings.protocol.requestObjects),
      namespace: NAMESPACE,
    }),
  };
}

/** Letters about changes, and what their links do. */
function createNoticeRooms(
  base: Ground & Pick<Rooms, 'accounts' | 'factors' | 'mail' | 'profile' | 'settings' | 'tickets'>,
): Pick<Rooms, 'notices' | 'restorer'> {
  const { settings, profile } = base;
  const restorer = createRestorer({ ...base, namespace: NAMESPACE });
  const isLinked = settings.accountPage.enabled;
  const notices = createNotices({ ...base, issuer: profile.issuer, restorer, isLinked });
  return { notices, restorer };
}

function createFactorRooms(
  base: Ground & Pick<Rooms, 'accounts' | 'settings' | 'profile'>,
): Pick<Rooms, 'factors' | 'factorsOfLocked'> {
  const { settings, profile, accounts } = base;
  const parts = {
    ...base,
    settings: settings.factors,
    limits: settings.signIn.limits,
    issuer: profile.issuer,
    installationName: settings.pages.name,
  };
  return {
    factors: createFactors(parts),
    factorsOfLocked: createFactors({ ...parts, accounts: lettingLockedIn(accounts) }),
  };
}

/** Whether people and sessions have other names at some clients. */
function knowsPairwise({ protocol, auth0 }: Settings): boolean {
  return protocol.pairwiseSubjects.enabled || auth0.tenants.length > 0;
}

/** Our templates and texts, as the installation has them. */
export function openHouseViews({ pages }: Settings): Promise<Views> {
  const { name, logo, colours, css, themeFolder, languages } = pages;
  const theme = { name, logo, colours, css, folder: themeFolder };
  return openViews({ folder: VIEWS, theme, languages });
}

/** Pages of ours that people sign in to like to any client. */
function ownClients({ accountPage, joining, issuer, pages }: Settings): readonly DeclaredClient[] {
  const installation = { issuer, name: pages.name };
  return [
    ...(accountPage.enabled ? [accountClient(installation)] : []),
    ...(joining.mode === 'off' ? [] : [joinClient(installation)]),
  ];
}

/** Repeats what the records did not answer, until they do: a node may be started before its stores. */
async function whenAnswered(
  work: () => Promise<void>,
  { logger, clock = systemClock, signal }: ComposeOptions,
): Promise<void> {
  for (let isTold = false; ; isTold = true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error;
      if (!isTold)
        logger.warn({ event: 'records.waiting', error }, 'waits for the records to answer');
      await clock.sleep(ASK_AGAIN_SECONDS, signal);
    }
  }
}
