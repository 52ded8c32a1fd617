// Listens, and answers who it is: ServerFeatures names what is served, so that clients ask for nothing else.
import { randomUUID } from 'node:crypto';
import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js';
import type { EventStore } from '@oort/kernel-eventstore';
import { Fault } from '@oort/kernel-wire';
import { append, batchAppend, softDeletion, tombstone } from './append';
import { PersistentSubscriptions } from './persistent';
import { featuresService, gossipService, longOf, persistentService, streamsService } from './protocol';
import { read } from './read';
import type { Reply } from './messages';

export interface ServeOptions {
  readonly store: EventStore;
  /** 0 for any free one. */
  readonly port: number;
  /** Default 127.0.0.1. There is no access control yet: who reaches the port reads and writes everything that is not sealed. */
  readonly host?: string;
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

/** Throws PortRefused. */
export async function serveEventStore({ store, port, host = '127.0.0.1' }: ServeOptions): Promise<ServedEventStore> {
  const server = new Server({ 'grpc.max_receive_message_length': mostMessageBytes, 'grpc.max_send_message_length': mostMessageBytes });
  server.addService(streamsService, {
    Read: read(store), Append: append(store), BatchAppend: batchAppend(store), Delete: softDeletion(store), Tombstone: tombstone(store),
  });
  const groups = new PersistentSubscriptions(store);
  server.addService(persistentService, groups.methods);
  server.addService(featuresService, { GetSupportedMethods: supportedMethods });
  const bound = await new Promise<number>((resolve, reject) => {
    let own = port;
    server.addService(gossipService, { Read: gossip(host, () => own) });
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, given) => {
      own = given;
      if (error === null) resolve(given);
      else reject(new PortRefused(host, port, error.message));
    });
  });
  return {
    url: `esdb://${host}:${bound}?tls=false`,
    port: bound,
    async close() {
      await groups.close();
      server.forceShutdown();
    },
  };
}

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
