import type { Facts } from './facts.ts';

/** The settings that decide whether an installation is safe; more may be there. */
export interface SafetySettings {
  readonly profile: 'dev' | 'production';
  readonly issuer: string;
  readonly http: {
    readonly listen: { readonly host: string };
    readonly metrics: { readonly enabled: boolean; readonly host: string };
    readonly trustedProxies: readonly string[];
    readonly tls: { readonly from: 'off' | 'files' | 'dev-ca' };
    readonly outbound: { readonly allow: readonly string[] };
  };
  readonly protocol: {
    readonly clientIdMetadata: { readonly enabled: boolean; readonly hosts: readonly string[] };
    readonly mtls: {
      readonly enabled: boolean;
      readonly listener?: object | undefined;
      readonly header?: { readonly name: string } | undefined;
    };
  };
  readonly storage: {
    readonly state: {
      readonly engine: string;
      readonly redis: {
        readonly url: string;
        readonly sentinel?: { readonly nodes: readonly string[] } | undefined;
        readonly cluster?: { readonly nodes: readonly string[] } | undefined;
      };
    };
    readonly records: {
      readonly engine: string;
      readonly postgres: { readonly url: string; readonly tls: boolean };
    };
  };
  readonly mail: {
    readonly smtp: {
      readonly host?: string | undefined;
      readonly tls: string;
      readonly user?: string | undefined;
    };
  };
  readonly sms: {
    readonly gateway: { readonly url?: string | undefined };
    readonly prefixes?: readonly string[] | undefined;
  };
  readonly dev: { readonly seed?: string | undefined };
  readonly registration: { readonly mode: string; readonly overallPerHour: number };
  readonly people: readonly { readonly password?: string | undefined }[];
  readonly clients: readonly {
    readonly secretInClear?: string | undefined;
    readonly tokenExchange?:
      | { readonly subjects: readonly string[]; readonly impersonation: boolean }
      | undefined;
  }[];
  readonly signIn: {
    readonly argon2: { readonly memoryKib: number; readonly iterations: number };
  };
}

/** One thing that is insecure: where, what, and what to do. */
export interface Finding {
  readonly setting: string;
  readonly problem: string;
  readonly fix: string;
}

/** What must keep a node from starting, and what its operator should know. */
export interface Safety {
  readonly refusals: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** A finding, and whether a node may start all the same. */
export interface Weighed {
  readonly weight: 'refuse' | 'warn';
  readonly finding: Finding;
}

/** One reason why an installation may be insecure. */
export type Rule = (settings: SafetySettings, facts: Facts) => readonly Weighed[];

/** Keeps a node from starting. */
export function refuse(setting: string, problem: string, fix: string): readonly Weighed[] {
  return [{ weight: 'refuse', finding: { setting, problem, fix } }];
}

/** Is told, and no more. */
export function warn(setting: string, problem: string, fix: string): readonly Weighed[] {
  return [{ weight: 'warn', finding: { setting, problem, fix } }];
}
