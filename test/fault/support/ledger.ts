import { decodeProtectedHeader } from 'jose';
import type { BenchClient, TokenAnswer } from '../../../bench/browser-flow.ts';

/** What a client saw of one request. */
export interface Line {
  /** `POST /token refresh_token`: method, path without ids, grant type. */
  readonly what: string;
  /** Which node was asked. */
  readonly node: number;
  /** On the clock that only passes. */
  readonly atMs: number;
  readonly tookMs: number;
  /** 0: no answer came. */
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The OAuth error, or the code of what became of the connection. */
  readonly error: string | undefined;
}

/** One person's tokens at one client, in the order of the answers that brought them. */
export interface Family {
  readonly refreshTokens: string[];
  readonly accessTokens: string[];
  /** Why the provider ended it, though nobody had asked for that. */
  endedBy: string | undefined;
}

/** Every answer that the clients of one test received, and what it promised them. */
export interface Ledger {
  readonly lines: Line[];
  /** How often each authorization code was paid. */
  readonly codes: Map<string, number>;
  readonly families: Family[];
  /** Tokens whose revocation was answered 200. */
  readonly revoked: string[];
  /** Clients whose registration was answered 201. */
  readonly clients: BenchClient[];
  /** Keys that signed something. */
  readonly kids: Set<string>;
  note(line: Line): void;
  /** A code was redeemed, by `tokens` if with success. */
  redeemed(code: string, tokens: TokenAnswer | undefined): Family | undefined;
  refreshed(family: Family, tokens: TokenAnswer): void;
}

/** Nothing has happened yet. */
export function createLedger(): Ledger {
  const kids = new Set<string>();
  const keep = (family: Family, tokens: TokenAnswer): void => {
    family.accessTokens.push(tokens.access_token);
    if (tokens.refresh_token !== undefined) family.refreshTokens.push(tokens.refresh_token);
    for (const token of [tokens.access_token, tokens.id_token]) {
      if (token?.startsWith('eyJ') === true) kids.add(decodeProtectedHeader(token).kid ?? '');
    }
  };
  const ledger: Ledger = {
    lines: [],
    codes: new Map(),
    families: [],
    revoked: [],
    clients: [],
    kids,
    note: (line) => void ledger.lines.push(line),
    redeemed(code, tokens) {
      ledger.codes.set(code, (ledger.codes.get(code) ?? 0) + (tokens ? 1 : 0));
      if (!tokens) return undefined;
      const family: Family = { refreshTokens: [], accessTokens: [], endedBy: undefined };
      ledger.families.push(family);
      keep(family, tokens);
      return family;
    },
    refreshed: keep,
  };
  return ledger;
}

/** Codes for which tokens were given out more than once. */
export function paidTwice({ codes }: Ledger): readonly string[] {
  return [...codes].filter(([, times]) => times > 1).map(([code]) => code);
}

/** Families of honest clients that were ended, with the reason they were told. */
export function endedFamilies({ families }: Ledger): readonly string[] {
  return families.flatMap(({ endedBy }) => endedBy ?? []);
}

/** Lines that no client should ever see: `what status error`. */
export function broken(lines: readonly Line[], allowed: readonly number[]): readonly string[] {
  const isBroken = ({ status }: Line): boolean => status >= 400 && !allowed.includes(status);
  return lines.filter(isBroken).map(({ what, status, error }) => `${what} ${status} ${error}`);
}

/** How many answers of each status there were: `{ 200: 40, 503: 3 }`, for the message of a failure and for reports. */
export function tally(lines: readonly Line[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of lines) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The time under which `share` of the lines were answered, in milliseconds. */
export function quantileMs(lines: readonly Line[], share: number): number {
  const sorted = lines.map(({ tookMs }) => tookMs).toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
