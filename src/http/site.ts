import type { Router } from '@koa/router';
import type { Protocol } from '../provider/contract.ts';
import type { HttpConfig } from './config.ts';

/** A protocol engine as far as a door asks it. */
export type HostedProtocol = Pick<Protocol, 'document' | 'handle' | 'owns'>;

/** An origin beside the issuer's: a port of its own in this process, behind a door like the first. */
export interface Site {
  /** By which the audit knows what happened there: short and stable. */
  readonly name: string;
  /** The setting that says where it listens, as errors name it: `auth0.tenants[0].listen`. */
  readonly setting: string;
  /** The URL that every other one of this origin begins with. */
  readonly issuer: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Left out: as `http.tls` says. */
  readonly tls?: HttpConfig['tls'] | undefined;
  /** Host headers accepted beside that of `issuer`. */
  readonly hosts: readonly string[];
  /** Pages of other origins open ours in windows and hear from them; left out: as `http.popups` says. */
  readonly arePopups?: boolean | undefined;
  /** Left out: no request may bring more than `http.limits.body`. */
  readonly largerBodies?: LargerBodies | undefined;
  /** Asked before the engine, in this order. */
  readonly routers: readonly Router[];
  /** Left out: routers alone. */
  readonly protocol?: HostedProtocol | undefined;
}

/** Paths where requests may bring more than `http.limits.body`: what is there knows who asks before it reads. */
export interface LargerBodies {
  /** With the slash at the end. */
  readonly under: string;
  readonly bytes: number;
}

/** Of a site that has no engine of its own. */
export const NO_PROTOCOL: HostedProtocol = {
  document: () => undefined,
  owns: () => false,
  handle: () => Promise.reject(new TypeError('a site without an engine was asked for one')),
};
