// Peers of a node: found by a list and by asking, known by their keys, greeted, scored, banned, and sought again when they are gone.
import { X509Certificate } from 'node:crypto';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { peerIdOf, type PeerIdentity } from './identity';
import type { Log } from './log';
import { protocolVersion, type Hello, type Message } from './messages';
import { PeerLink, type PeerEvents } from './peer';

export interface PeerNetworkOptions {
  readonly identity: PeerIdentity;
  readonly chainId: number;
  readonly genesis: string;
  /** 0 for any; none for a node that only calls. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** `host:port`, tried for ever. */
  readonly peers: readonly string[];
  /** Told to others as the place to call; default where it listens. */
  readonly address?: string;
  readonly mostPeers?: number;
  readonly banMs?: number;
  /** A peer was greeted and is of the same chain. */
  onPeer(peer: Peer): void;
  onMessage(peer: Peer, message: Message): void | Promise<void>;
  onGone?(peer: Peer): void;
  readonly log?: Log;
}

export type Peer = Pick<PeerLink, 'id' | 'host' | 'outbound' | 'hello' | 'score' | 'send' | 'penalise'>;

export interface PeerNetwork {
  readonly id: string;
  /** Null where nobody can call. */
  readonly address: string | null;
  peers(): readonly Peer[];
  /** Every address that it knows, its own not among them: given ones, what others told, and where its peers listen. */
  addresses(): readonly string[];
  /** To all but one. */
  broadcast(message: Message, except?: Peer): void;
  close(): Promise<void>;
}

const greetingMs = 5_000;
const mostPeersUsually = 32;
const mostBans = 10_000;
const callPause = { firstMs: 200, mostMs: 10_000 };

export async function openPeerNetwork(options: PeerNetworkOptions): Promise<PeerNetwork> {
  const network = new Network(options);
  await network.open();
  return network;
}

class Network implements PeerNetwork {
  readonly id: string;
  address: string | null = null;
  readonly #greeted = new Map<string, PeerLink>();
  readonly #links = new Set<PeerLink>();
  readonly #banned = new Map<string, number>();
  /** Addresses that are called again and again: given ones, and some that others told of. */
  readonly #called = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #server: Server | null = null;
  #closed = false;

  constructor(private readonly options: PeerNetworkOptions) {
    this.id = options.identity.id;
  }

  async open(): Promise<void> {
    const { port, host = '127.0.0.1', identity, peers, address } = this.options;
    if (port !== undefined) {
      const server = createServer({
        key: identity.privateKey, cert: identity.certificate, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3',
      }, (socket) => { this.#meet(socket, false, null); });
      // A stranger who speaks no TLS.
      server.on('tlsClientError', () => undefined);
      server.maxConnections = 4 * (this.options.mostPeers ?? mostPeersUsually);
      await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, host, resolve); });
      const bound = server.address();
      this.address = address ?? `${host}:${typeof bound === 'object' && bound !== null ? bound.port : port}`;
      this.#server = server;
    }
    for (const one of peers) this.#call(one);
  }

  peers(): readonly Peer[] {
    return [...this.#greeted.values()];
  }

  addresses(): readonly string[] {
    return [...new Set([...this.#called, ...[...this.#greeted.values()].flatMap(({ hello }) => hello?.address ?? [])])];
  }

  broadcast(message: Message, except?: Peer): void {
    for (const peer of this.#greeted.values()) if (peer !== except) peer.send(message, true);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const server = this.#server;
    const ended = server === null ? Promise.resolve() : new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    for (const link of this.#links) link.close('CLOSING');
    await ended;
  }

  /** Calls until somebody answers, and again when that link is gone. */
  #call(address: string, pauseMs = callPause.firstMs): void {
    if (this.#closed || address === this.address) return;
    this.#called.add(address);
    // It has called us, or we know it under another address.
    if ([...this.#greeted.values()].some(({ hello }) => hello?.address === address)) {
      return this.#later(callPause.mostMs, () => { this.#call(address); });
    }
    const [host = '', port = ''] = splitAddress(address);
    const { identity } = this.options;
    const socket = connect({
      host, port: Number(port), key: identity.privateKey, cert: identity.certificate, rejectUnauthorized: false, minVersion: 'TLSv1.3',
      checkServerIdentity: () => undefined,
    });
    let met = false;
    socket.once('secureConnect', () => {
      met = true;
      this.#meet(socket, true, address);
    });
    socket.once('error', () => undefined);
    socket.setTimeout(greetingMs, () => { if (!met) socket.destroy(); });
    socket.once('close', () => {
      this.#later(met ? callPause.firstMs : pauseMs, () => { this.#call(address, met ? callPause.firstMs : Math.min(callPause.mostMs, pauseMs * 2)); });
    });
  }

  #meet(socket: TLSSocket, outbound: boolean, address: string | null): void {
    socket.setTimeout(0);
    const certificate = socket.getPeerX509Certificate();
    const id = certificate === undefined ? null : peerIdOf(new X509Certificate(certificate.raw));
    if (id === null || id === this.id || this.#isBanned(id) || this.#closed) {
      // Its own address among those given: nobody to talk to there.
      if (id === this.id && address !== null) this.#called.delete(address);
      socket.destroy();
      return;
    }
    const link = new PeerLink(id, socket.remoteAddress ?? '', outbound, socket, this.#events());
    this.#links.add(link);
    const { chainId, genesis } = this.options;
    link.send({ kind: 'hello', version: protocolVersion, chainId, genesis, address: this.address });
    this.#later(greetingMs, () => { if (link.hello === null) link.close('NO_GREETING'); });
  }

  #events(): PeerEvents {
    return {
      message: (link, message) => this.#heard(link, message),
      ban: (link, why) => {
        this.#ban(link.id, Date.now());
        this.options.log?.('warn', 'peer.banned', { peer: link.id, host: link.host, why });
        link.close('BANNED');
      },
      gone: (link) => {
        this.#links.delete(link);
        if (this.#greeted.get(link.id) !== link) return;
        this.#greeted.delete(link.id);
        this.options.onGone?.(link);
      },
    };
  }

  #heard(link: PeerLink, message: Message): void | Promise<void> {
    if (link.hello === null) {
      if (message.kind === 'hello') this.#greet(link, message);
      else if (message.kind === 'bye') link.close();
      else link.penalise(100, `${message.kind} before a greeting`);
      return;
    }
    if (message.kind === 'hello') return link.penalise(100, 'a second greeting');
    if (message.kind === 'bye') return link.close();
    if (message.kind === 'peers') return this.#learn(message.addresses);
    return this.options.onMessage(link, message);
  }

  #greet(link: PeerLink, hello: Hello): void {
    const { chainId, genesis, mostPeers = mostPeersUsually } = this.options;
    const refusal = hello.version !== protocolVersion ? 'VERSION_DIFFERS'
      : hello.chainId !== chainId || hello.genesis !== genesis ? 'CHAIN_DIFFERS'
        : this.#greeted.size >= mostPeers ? 'FULL' : null;
    if (refusal !== null) {
      this.options.log?.('warn', 'peer.turnedAway', { peer: link.id, host: link.host, code: refusal });
      return link.close(refusal);
    }
    link.hello = hello;
    const other = this.#greeted.get(link.id);
    if (other !== undefined) {
      // Both called at once: both ends keep the link that the smaller id made.
      const kept = link.outbound === (this.id < link.id) ? link : other;
      (kept === link ? other : link).close('TWICE');
      if (kept === other) return;
    }
    this.#greeted.set(link.id, link);
    const addresses = [...this.#greeted.values()].flatMap(({ hello: known }) => (known?.address == null ? [] : [known.address]));
    link.send({ kind: 'peers', addresses });
    if (hello.address !== null) this.broadcast({ kind: 'peers', addresses: [hello.address] }, link);
    this.options.onPeer(link);
  }

  #learn(addresses: readonly string[]): void {
    const known = new Set([...this.#called, this.address, ...[...this.#greeted.values()].map(({ hello }) => hello?.address ?? null)]);
    for (const address of addresses) {
      if (known.has(address) || this.#called.size >= (this.options.mostPeers ?? mostPeersUsually)) continue;
      this.#call(address);
    }
  }

  /** Keys cost nothing to make: the oldest ban gives way, and the list never grows without end. */
  #ban(id: string, now: number): void {
    this.#banned.delete(id);
    this.#banned.set(id, now + (this.options.banMs ?? 600_000));
    for (const [other, until] of this.#banned) {
      if (until > now && this.#banned.size <= mostBans) break;
      this.#banned.delete(other);
    }
  }

  #isBanned(id: string): boolean {
    const until = this.#banned.get(id);
    if (until !== undefined && until <= Date.now()) this.#banned.delete(id);
    return this.#banned.has(id);
  }

  #later(ms: number, act: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closed) act();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}

function splitAddress(address: string): readonly [string, string] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), address.slice(at + 1)];
}
