import type { Router } from '@koa/router';
import type { z } from 'zod';
import type { Accounts } from './accounts/accounts.ts';
import type { DeclaredAttribute } from './accounts/attributes-config.ts';
import type { DeclaredPerson, SignInSettings } from './accounts/config.ts';
import type { Tickets } from './accounts/tickets.ts';
import type { Audit } from './audit/audit.ts';
import type { Clients, ResourceServers } from './clients/clients.ts';
import type { KeptResourceServers } from './clients/kept-resource-servers.ts';
import type { Checkpoints } from './dev/checkpoints.ts';
import type { Factors } from './factors/factors.ts';
import type { AuthenticationSettings } from './flows/config.ts';
import type { Duties } from './flows/duties.ts';
import type { Flows } from './flows/flows.ts';
import type { Groups } from './groups/groups.ts';
import type { PlannedFaults } from './http/planned-faults.ts';
import type { Renderer, TextRenderer } from './http/renderer.ts';
import type { Site } from './http/site.ts';
import type { Inbox } from './mail/inbox.ts';
import type { Reception } from './interactions/reception.ts';
import type { Ways } from './interactions/sign-in-step.ts';
import type { Mail } from './mail/mail.ts';
import type { Notices } from './notices/notices.ts';
import type { Restorer } from './notices/restorer.ts';
import type {
  Admits,
  AllConnectedClients,
  BackchannelRequests,
  BrowserSessions,
  FurtherClients,
  Interactions,
  IssuerProfile,
  Protocol,
} from './provider/contract.ts';
import type { Adviser } from './provider/advice.ts';
import type { Dialect } from './provider/dialect.ts';
import type { FurtherGrant } from './provider/further-grant.ts';
import type { protocolConfig } from './provider/features/config.ts';
import type { Minting } from './provider/minting-order.ts';
import type { Organizations } from './provider/organizations.ts';
import type { TakeBack } from './provider/take-back.ts';
import type { Revocation } from './revocation/revocation.ts';
import type { Clock, MovableClock } from './runtime/clock.ts';
import type { JsonObject } from './runtime/json.ts';
import type { Logger } from './runtime/logger.ts';
import type { Sealer } from './runtime/sealing.ts';
import type { Sms } from './sms/sms.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';
import type { Records } from './storage/records.ts';
import type { State } from './storage/state.ts';

/** An issuer beside the installation's own: over the same people, keys and revocation. */
export interface FurtherIssuer {
  readonly profile: IssuerProfile;
  readonly dialect: Dialect;
  readonly adviser?: Adviser | undefined;
  readonly clients: Clients;
  readonly resourceServers: ResourceServers;
  /** In seconds. */
  readonly refreshRetryWindow: number;
  /** In whose name people may be asked to sign in. */
  readonly organizations?: Organizations | undefined;
  /** Ways to tokens beside those of the specifications. */
  readonly grants?: readonly FurtherGrant[] | undefined;
  /** Who may sign in to which client; left out: everybody to each. */
  readonly admits?: Admits | undefined;
  /** Where people join: whether they may by a client; left out: by each. */
  readonly isOpenFor?: ((clientId: string) => Promise<boolean>) | undefined;
  /** Where its sign-in page leads beside the sign-in; `ours`: people join and recover as here; left out: nowhere. */
  readonly ways?: Ways | 'ours' | undefined;
  /** What it knows of people beside the directory; left out: nothing. */
  readonly reception?: Reception | undefined;
  /** Parts of the protocol that are on, as `protocol` has them. */
  readonly features: z.input<typeof protocolConfig>;
}

/** Such an issuer, and what stands beside its engine: the pages at which people sign in, the feed of revocations. */
export interface OpenedIssuer {
  readonly protocol: Protocol;
  readonly routers: readonly Router[];
}

/** How people come to an account, or back to theirs, by themselves. */
export interface Registration {
  /** Whoever reads the mail of `address` may make themselves an account with it. */
  isOpenTo(address: string): boolean;
  /** Whoever holds the telephone of a number may make themselves an account with it. */
  readonly isOpenToNumbers: boolean;
  /** Whoever has forgotten a password can have a letter. */
  readonly canRecover: boolean;
}

/** The rooms that a capability may build on. */
export interface House {
  readonly profile: IssuerProfile;
  /** The dev profile: on this machine only, for developers. */
  readonly isDev: boolean;
  readonly clock: Clock;
  /** In the dev profile on the embedded engine alone: the same clock, which may be put forward. */
  readonly movableClock: MovableClock | undefined;
  /** The same: moments to come back to. */
  readonly checkpoints: Checkpoints | undefined;
  /** In the dev profile alone. */
  readonly plannedFaults: PlannedFaults | undefined;
  readonly logger: Logger;
  readonly state: State;
  readonly records: Records;
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly tickets: Tickets;
  readonly groups: Groups;
  readonly clients: Clients;
  readonly resourceServers: KeptResourceServers;
  readonly signingKeys: SigningKeys;
  readonly openIssuer: (issuer: FurtherIssuer) => Promise<OpenedIssuer>;
  readonly revocation: Revocation;
  readonly takeBack: TakeBack;
  /** Who is signed in at a browser, by the engine's own session. */
  readonly sessions: BrowserSessions;
  readonly connectedClients: AllConnectedClients;
  /** What waits for people who are asked from afar. */
  readonly backchannelRequests: BackchannelRequests;
  /** Authorization requests that wait for a person. */
  readonly interactions: Interactions;
  /** In the dev profile alone. */
  readonly minting: Minting | undefined;
  readonly sealer: Sealer;
  readonly renderer: Renderer;
  /** The same as text: for what no browser reads. */
  readonly texts: TextRenderer;
  /** Those that pages are offered in, the default first. */
  readonly languages: readonly string[];
  readonly mail: Mail;
  readonly notices: Notices;
  readonly restorer: Restorer;
  readonly sms: Sms;
  /** Whether letters reach anybody. */
  readonly hasMail: boolean;
  /** Where people look after their own account; empty: nowhere. */
  readonly accountUrl: string;
  /** In the dev profile without a mail server or a gateway for text messages: what would have been sent. */
  readonly inbox: Inbox | undefined;
  readonly factors: Factors;
  /** The same for whoever recovers an account: one that is locked proves and enrols, too. */
  readonly factorsOfLocked: Factors;
  readonly flows: Flows;
  readonly authentication: AuthenticationSettings;
  /** What is asked of whoever has proven who they are. */
  readonly duties: Duties;
  readonly registration: Registration;
  /** Whether some capability takes codes to the mailbox of an account for a second factor: no letter alone brings that account back. */
  readonly isMailboxFactor: (accountId: string) => Promise<boolean>;
  /** What the installation keeps of people beside the standard claims. */
  readonly attributes: readonly DeclaredAttribute[];
  /** What capabilities keep of a person beside the account, by the name of each: for that person to take along. */
  readonly keptBeside: (accountId: string) => Promise<JsonObject>;
  /** Whom the configuration declares. */
  readonly people: readonly DeclaredPerson[];
  /** Seconds for which it is remembered what was taken back: nothing may live longer. */
  readonly lives: { readonly longestToken: number; readonly longestRecord: number };
  /** What every new password must be. */
  readonly passwordRules: SignInSettings['password'];
  /** How many failures are put up with. */
  readonly limits: SignInSettings['limits'];
}

/** What a capability adds to the house. */
export interface Added {
  /** Routes of its own, asked before the engine. */
  readonly routers?: readonly Router[];
  /** Origins of its own beside the issuer's. */
  readonly sites?: readonly Site[];
  /** Whom people let in there. */
  readonly connectedClients?: readonly FurtherClients[];
  /** Whether codes to the mailbox of an account are a second factor there; left out: never. */
  readonly isMailboxFactor?: (accountId: string) => Promise<boolean>;
  /** Ends what it began, once nobody is answered any more. */
  readonly close?: () => void;
}

/** Something the provider can do that an installation may leave out. */
export interface Capability<Name extends string, Section> {
  /** Its section in the configuration. */
  readonly name: Name;
  readonly config: z.ZodType<Section>;
  /** Undefined: switched off by its section. */
  create(section: Section, house: House): Added | undefined | Promise<Added | undefined>;
}
