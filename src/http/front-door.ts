import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Router } from '@koa/router';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Assets } from './assets.ts';
import type { CertificateWays } from './certificate-ways.ts';
import type { HttpConfig } from './config.ts';
import { createDocumentDoor } from './document-door.ts';
import { wantsPage, type Exchange } from './exchange.ts';
import { createFaultAnswer, type FaultAnswer } from './fault-answer.ts';
import { BAD_REQUEST, MISDIRECTED, NOT_FOUND, OVERLOADED, TOO_LARGE, type Fault } from './fault.ts';
import type { Ledger } from './ledger.ts';
import type { Metrics } from './metrics.ts';
import { createOriginReader } from './origin-reader.ts';
import { isCanonicalPath } from './path.ts';
import { type PlannedFaults, playFault } from './planned-faults.ts';
import { answerProbe } from './probes.ts';
import type { ReadinessProbe } from './readiness.ts';
import type { Renderer } from './renderer.ts';
import { createRooms, type Rooms } from './rooms.ts';
import { createSecurityHeaders } from './security-headers.ts';
import type { HostedProtocol, LargerBodies } from './site.ts';
import { createTlsReader } from './tls-reader.ts';
import { createTurnstile } from './turnstile.ts';

/** What the front door needs of the house. */
export interface FrontDoorOptions {
  readonly settings: HttpConfig;
  readonly issuer: string;
  /** The name of the site; undefined: it is the issuer's own. */
  readonly site?: string | undefined;
  readonly protocol: HostedProtocol;
  /** Asked before the engine, in this order. */
  readonly routers: readonly Router[];
  readonly largerBodies?: LargerBodies | undefined;
  readonly renderer: Renderer;
  readonly assets: Assets;
  /** Origins beside ours that every page may show images of. */
  readonly imageOrigins: readonly string[];
  readonly readiness: ReadinessProbe;
  /** Undefined: certificates of clients mean nothing. */
  readonly certificateWays?: CertificateWays | undefined;
  readonly metrics: Metrics;
  readonly ledger: Ledger;
  readonly logger: Logger;
  /** In the dev profile alone. */
  readonly plannedFaults?: PlannedFaults | undefined;
  readonly clock: Clock;
}

/** Where every request comes in. */
export interface FrontDoor {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The same where clients are asked for certificates: for programs alone. */
  handleAsked(request: IncomingMessage, response: ServerResponse): void;
  /** From now on every answer asks the client to open a new connection for its next request. */
  leave(): void;
}

/** The order of things: probes, the Host header, prepared documents, limits, then routers by Koa, or the engine. */
export function createFrontDoor(options: FrontDoorOptions): FrontDoor {
  const { settings, issuer, readiness, metrics, ledger } = options;
  const readTls = createTlsReader(options);
  const hosts = new Set([new URL(issuer).host, ...settings.hosts, ...readTls.hosts]);
  const readOrigin = createOriginReader(options, settings.trustedProxies);
  const secure = createSecurityHeaders({
    issuer,
    popups: settings.popups,
    images: options.imageOrigins,
  });
  const faults = createFaultAnswer(options.renderer, options.logger);
  const rooms = createRooms({ ...options, faults });
  const documents = createDocumentDoor(options);
  const turnstile = createTurnstile();
  let isLeaving = false;

  function enter({ request, response, path, isAsked }: Entering): void {
    const misaddressed = judgeHost(request, hosts);
    if (!misaddressed && documents.answer(request, response, path)) return;
    const { tls, fault } = readTls.read(request, path, isAsked);
    const origin = readOrigin(request);
    const exchange = { request, response, path, origin, tls, route: 'refused' };
    secure(request, response);
    response.setHeader('X-Request-Id', exchange.origin.requestId ?? '');
    const underWay = ledger.open(exchange);
    const refusal = misaddressed ?? fault ?? refuse(exchange, underWay);
    if (refusal) void turnAway(exchange, refusal);
    // People can wait a moment; what programs come for overtakes them.
    else if (wantsPage(request)) void letIn(exchange);
    else void work(exchange, rooms, faults);
  }

  async function letIn(exchange: Exchange): Promise<void> {
    await turnstile.enter();
    // Whoever has left meanwhile needs no page.
    if (!exchange.response.destroyed) await work(exchange, rooms, faults);
  }

  function turnAway(exchange: Exchange, fault: Fault): Promise<void> {
    if (fault.kind !== 'not-found') metrics.refused(fault.kind);
    return faults.of(exchange, fault);
  }

  function refuse({ request, path }: Exchange, underWay: number): Fault | undefined {
    const { requests } = settings.limits;
    // People can wait and try again; what programs come for (tokens, userinfo) is given up last.
    if (underWay > (wantsPage(request) ? requests * 0.75 : requests)) return OVERLOADED;
    if (Number(request.headers['content-length'] ?? 0) > bodyMaxOf(path, options)) return TOO_LARGE;
    return isCanonicalPath(path) ? undefined : NOT_FOUND;
  }

  function take(request: IncomingMessage, response: ServerResponse, isAsked: boolean): void {
    if (isLeaving) response.setHeader('Connection', 'close');
    if (request.url?.startsWith('/') === false) readWholeUrl(request);
    const path = pathOf(request.url ?? '');
    if (answerProbe(path, response, readiness)) return;
    meetFault(options.plannedFaults, { request, response, path, isAsked }, enter);
  }

  return {
    handle: (request, response) => take(request, response, false),
    handleAsked: (request, response) => take(request, response, true),
    leave() {
      isLeaving = true;
      documents.leave();
    },
  };
}

function bodyMaxOf(
  path: string,
  { settings, largerBodies }: Pick<FrontDoorOptions, 'settings' | 'largerBodies'>,
): number {
  const { body } = settings.limits;
  if (largerBodies === undefined || !path.startsWith(largerBodies.under)) return body;
  return Math.max(body, largerBodies.bytes);
}

/** A request; `isAsked`: its client was asked for a certificate. */
interface Entering extends Pick<Exchange, 'request' | 'response' | 'path'> {
  readonly isAsked: boolean;
}

/** Goes on unless something was planned to go wrong with this request. */
function meetFault(
  faults: PlannedFaults | undefined,
  entering: Entering,
  goOn: (entering: Entering) => void,
): void {
  const planned = faults?.take(entering.path);
  if (planned === undefined) goOn(entering);
  else void playFault(planned, entering.response).then((isPlayed) => isPlayed || goOn(entering));
}

/** RFC 9112 section 3.2.2: a target that is a whole URL names the host, whatever the header says. */
function readWholeUrl(request: IncomingMessage): void {
  const { host, rest = '' } =
    /^https?:\/\/(?<host>[^/?#]*)(?<rest>.*)$/i.exec(request.url ?? '')?.groups ?? {};
  if (host === undefined) return;
  request.headers.host = host;
  Object.assign(request, { url: rest.startsWith('/') ? rest : `/${rest}` });
}

/** RFC 9112 section 3.2: exactly one Host header, or two readers of one request could each believe another. */
function judgeHost(
  { headers, rawHeaders }: IncomingMessage,
  hosts: ReadonlySet<string>,
): Fault | undefined {
  if (!hosts.has(headers.host?.toLowerCase() ?? '')) return MISDIRECTED;
  const isHost = (text: string, index: number): boolean =>
    index % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host';
  return rawHeaders.findIndex(isHost) === rawHeaders.findLastIndex(isHost)
    ? undefined
    : BAD_REQUEST;
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** Never rejects: what fails is answered. */
async function work(exchange: Exchange, rooms: Rooms, faults: FaultAnswer): Promise<void> {
  try {
    await rooms.handle(exchange);
  } catch (error) {
    await faults.ofError(exchange, error);
  }
}
