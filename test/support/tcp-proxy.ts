import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.ts';

/** A wire between a client and a server that a test may bend, cut or tap. */
export interface TcpProxy {
  readonly port: number;
  /** Holds every byte back for `ms`, each way half; 0: none. */
  delay(ms: number): void;
  /** New connections go to another server, as behind a balancer that has noticed. */
  leadTo(target: Target): void;
  /** Cuts what is connected; new connections pass. */
  cut(): void;
  /** Cuts what is connected and refuses new connections, as a server that is not there. */
  refuse(): Promise<void>;
  /** Refuses new connections; what is connected stays. */
  hold(): void;
  /** Goes on accepting, but lets no byte through either way. */
  blackHole(): void;
  /** Takes back {@link delay}, {@link refuse}, {@link hold} and {@link blackHole}; what a black hole swallowed is lost. */
  heal(): Promise<void>;
  /**
   * Lets the next request that holds `marker` through, waits for the answer, throws it away and cuts
   * that connection. Resolves once it has happened.
   */
  dropNextReply(marker: string): Promise<void>;
  close(): Promise<void>;
}

type Target = { readonly port: number } | { readonly path: string };

/** Changes what passes, as a server of another make would say it. */
export interface Rewriting {
  readonly request?: (bytes: string) => string;
  readonly reply?: (bytes: string) => string;
}

interface Trap {
  readonly marker: string;
  readonly spring: () => void;
}

interface Held {
  readonly chunk: Buffer;
  readonly dueMs: number;
}

interface Wire {
  target: Target;
  delayMs: number;
  isBlackHole: boolean;
  trap: Trap | undefined;
  readonly sockets: Set<Socket>;
  readonly rewriting: Rewriting;
  /** What waits to be passed on, oldest first. */
  readonly held: WeakMap<Socket, Held[]>;
}

/** Starts a proxy on a free loopback port in front of `target`. */
export async function startTcpProxy(target: Target, rewriting: Rewriting = {}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const wire: Wire = {
    target,
    delayMs: 0,
    isBlackHole: false,
    trap: undefined,
    sockets,
    rewriting,
    held: new WeakMap(),
  };
  // Not any that the kernel gives: while it refuses, a connection of somebody could get it.
  const port = await freePort();
  let server = await listen(wire, port);
  const cut = (): void => {
    for (const socket of wire.sockets) socket.destroy();
  };
  const refuse = async (): Promise<void> => {
    cut();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return {
    port,
    delay(ms) {
      wire.delayMs = ms;
    },
    leadTo(other) {
      wire.target = other;
    },
    cut,
    refuse,
    hold() {
      server.close();
    },
    blackHole() {
      wire.isBlackHole = true;
    },
    async heal() {
      wire.delayMs = 0;
      wire.isBlackHole = false;
      if (!server.listening) server = await listen(wire, port);
    },
    dropNextReply: (marker) =>
      new Promise((resolve) => {
        wire.trap = { marker, spring: resolve };
      }),
    close: refuse,
  };
}

async function listen(wire: Wire, port: number): Promise<Server> {
  const server = createServer((client) => join(wire, client, connect(wire.target)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function join(wire: Wire, client: Socket, upstream: Socket): void {
  let sprung: Trap | undefined;
  const destroyBoth = (): void => {
    client.destroy();
    upstream.destroy();
  };
  for (const socket of [client, upstream]) {
    wire.sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', destroyBoth);
    socket.on('close', () => {
      wire.sockets.delete(socket);
      destroyBoth();
    });
  }
  client.on('data', (chunk: Buffer) => {
    if (wire.trap && chunk.includes(wire.trap.marker)) {
      sprung = wire.trap;
      wire.trap = undefined;
    }
    pass(wire, rewrite(chunk, wire.rewriting.request), upstream);
  });
  upstream.on('data', (chunk: Buffer) => {
    if (!sprung) return pass(wire, rewrite(chunk, wire.rewriting.reply), client);
    destroyBoth();
    sprung.spring();
  });
}

function rewrite(chunk: Buffer, change: Rewriting['reply']): Buffer {
  return change ? Buffer.from(change(chunk.toString('latin1')), 'latin1') : chunk;
}

function pass(wire: Wire, chunk: Buffer, to: Socket): void {
  if (wire.isBlackHole) return;
  const held = wire.held.get(to) ?? [];
  wire.held.set(to, held);
  const dueMs = performance.now() + wire.delayMs / 2;
  // What was held back before goes first, also when the wire has healed since: bytes keep their order.
  if (held.push({ chunk, dueMs }) === 1) release(wire, held, to);
}

function release(wire: Wire, held: Held[], to: Socket): void {
  for (let [next] = held; next; [next] = held) {
    const waitMs = next.dueMs - performance.now();
    if (waitMs > 0) {
      setTimeout(() => release(wire, held, to), Math.ceil(waitMs));
      return;
    }
    if (!to.destroyed && !wire.isBlackHole) to.write(next.chunk);
    held.shift();
  }
}
