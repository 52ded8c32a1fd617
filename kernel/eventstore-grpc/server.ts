// Listens, and answers who it is: ServerFeatures names what is served, so that clients ask for nothing else.
import { randomUUID } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js';
import type { EventStore } from '@oort/kernel-eventstore';
import { Fault, messageOf } from '@oort/kernel-wire';
import { Access } from './access';
import { append, batchAppend, softDeletion, tombstone } from './append';
import { PersistentSubscriptions } from './persistent';
import { featuresService, gossipService, longOf, persistentService, streamsService } from './protocol';
import { read } from './read';
import { Users, type User } from './users';
import type { Reply } from './messages';

export interface ServeOptions {
  readonly store: EventStore;
  /** 0 for any free one. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** PEM. Without it everything goes in plain text. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  /** Who may sign in; needs `tls`, as clients send passwords. Without it whoever reaches the port reads and writes everything that is
   *  not sealed. */
  readonly users?: ReadonlyMap<string, User>;
}

export interface ServedEventStore {
  /** The connection string of a stock client. */
  readonly url: string;
  readonly port: number;
  /** Ends what runs, subscriptions too; the store stays open. */
  close(): Promise<void>;
}

/** The features asked for by version are those of this release of the public protocol. */
const serverVersion = '23.10.0';
/** As EventStoreDB: the largest event that could ever have been written, and a little. */
const mostMessageBytes = 17 * 1024 * 1024;
const leader = 8;

export class PortRefused extends Fault {
  constructor(host: string, port: number, reason: string) { super('PORT_REFUSED', `cannot listen on ${host}:${port}: ${reason}`, { host, port }); }
}

/** No certificate and key that belong together, or passwords in plain text. */
export class TlsRefused extends Fault {
  constructor(message: string) { super('TLS_REFUSED', message); }
}

/** Throws PortRefused, TlsRefused. */
export async function serveEventStore({ store, port, host = '127.0.0.1', tls, users }: ServeOptions): Promise<ServedEventStore> {
  if (users !== undefined && tls === undefined) throw new TlsRefused('users need TLS: their passwords would go in plain text');
  const credentials = credentialsOf(tls);
  const access = new Access(store, users === undefined ? null : new Users(users));
  const server = new Server({ 'grpc.max_receive_message_length': mostMessageBytes, 'grpc.max_send_message_length': mostMessageBytes });
  server.addService(streamsService, {
    Read: read(store, access), Append: append(store, access), BatchAppend: batchAppend(store, access),
    Delete: softDeletion(store, access), Tombstone: tombstone(store, access),
  });
  const groups = new PersistentSubscriptions(store, access);
  server.addService(persistentService, groups.methods);
  server.addService(featuresService, { GetSupportedMethods: supportedMethods });
  const bound = await new Promise<number>((resolve, reject) => {
    let own = port;
    server.addService(gossipService, { Read: gossip(host, () => own) });
    server.bindAsync(`${host}:${port}`, credentials, (error, given) => {
      own = given;
      if (error === null) resolve(given);
      else reject(new PortRefused(host, port, error.message));
    });
  });
  return {
    url: `esdb://${host}:${bound}?tls=${tls !== undefined}`,
    port: bound,
    async close() {
      await groups.close();
      server.forceShutdown();
    },
  };
}

function credentialsOf(tls: ServeOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  try {
    const pair = { cert: Buffer.from(tls.certificate), key: Buffer.from(tls.privateKey) };
    // Tells of a key that is not the certificate's, before a client would find nobody there.
    createSecureContext(pair);
    return ServerCredentials.createSsl(null, [{ cert_chain: pair.cert, private_key: pair.key }], false);
  } catch (error) {
    throw new TlsRefused(`the certificate and its key cannot be used: ${messageOf(error)}`);
  }
}

/** Asked without credentials by clients, before they know what to ask. */
const supportedMethods: handleUnaryCall<unknown, Reply> = (_call, answer) => {
  const methods = [streamsService, featuresService, gossipService, persistentService].flatMap((service) => Object.values(service)).map(({ path }) => {
    const [, serviceName = '', methodName = ''] = path.split('/');
    return { serviceName, methodName: methodName.toLowerCase(), features: serviceName.endsWith('PersistentSubscriptions') ? ['stream', 'all'] : [] };
  });
  answer(null, { methods, eventStoreServerVersion: serverVersion });
};

function gossip(host: string, port: () => number): handleUnaryCall<unknown, Reply> {
  const instanceId = { string: randomUUID() };
  return (_call, answer) => answer(null, {
    members: [{
      instanceId, timeStamp: longOf(BigInt(Date.now()) * 10_000n), state: leader, isAlive: true, httpEndPoint: { address: host, port: port() },
    }],
  });
}
