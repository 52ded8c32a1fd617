// The services as gRPC sees them: paths and codecs, from the definitions in proto/.
import { join } from 'node:path';
import { Root } from 'protobufjs';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type { Long, Reply } from './messages';

const root = new Root();
root.loadSync(['streams', 'server_features', 'gossip', 'persistent'].map((file) => join(__dirname, 'proto', `${file}.proto`)));
root.resolveAll();

const streams = 'event_store.client.streams';

export const streamsService = {
  Read: method(`${streams}.Streams/Read`, `${streams}.ReadReq`, `${streams}.ReadResp`, { responses: true }),
  Append: method(`${streams}.Streams/Append`, `${streams}.AppendReq`, `${streams}.AppendResp`, { requests: true }),
  BatchAppend: method(`${streams}.Streams/BatchAppend`, `${streams}.BatchAppendReq`, `${streams}.BatchAppendResp`, { requests: true, responses: true }),
  Delete: method(`${streams}.Streams/Delete`, `${streams}.DeleteReq`, `${streams}.DeleteResp`),
  // Tombstone's messages have the shape of Delete's.
  Tombstone: method(`${streams}.Streams/Tombstone`, `${streams}.DeleteReq`, `${streams}.DeleteResp`),
} satisfies ServiceDefinition;

const persistent = 'event_store.client.persistent_subscriptions';
const nothing = 'event_store.client.Empty';

export const persistentService = {
  Create: groups('Create', 'ChangeReq'),
  Update: groups('Update', 'ChangeReq'),
  Delete: groups('Delete', 'DeleteReq'),
  Read: method(`${persistent}.PersistentSubscriptions/Read`, `${persistent}.ReadReq`, `${persistent}.ReadResp`, { requests: true, responses: true }),
  GetInfo: groups('GetInfo', 'GetInfoReq', `${persistent}.GetInfoResp`),
  ReplayParked: groups('ReplayParked', 'ReplayParkedReq'),
  List: groups('List', 'ListReq', `${persistent}.ListResp`),
  RestartSubsystem: method(`${persistent}.PersistentSubscriptions/RestartSubsystem`, nothing, nothing),
} satisfies ServiceDefinition;

export const featuresService = {
  GetSupportedMethods: method('event_store.client.server_features.ServerFeatures/GetSupportedMethods', 'event_store.client.Empty',
    'event_store.client.server_features.SupportedMethods'),
} satisfies ServiceDefinition;

export const gossipService = {
  Read: method('event_store.client.gossip.Gossip/Read', 'event_store.client.Empty', 'event_store.client.gossip.ClusterInfo'),
} satisfies ServiceDefinition;

/** google.protobuf.Any of a message of event_store.client. */
export function anyOf(type: string, value: Reply): Reply {
  return { type_url: `type.googleapis.com/event_store.client.${type}`, value: root.lookupType(`event_store.client.${type}`).encode(value).finish() };
}

/** 64 bits for the wire: the encoder takes halves, and no bigint. */
export function longOf(value: bigint): { readonly low: number; readonly high: number } {
  return { low: Number(BigInt.asUintN(32, value)), high: Number(BigInt.asUintN(32, value >> 32n)) };
}

export function bigintOf(value: Long): bigint {
  return BigInt(value.toString());
}

/** Empty answers have the shape of Empty. */
function groups(name: string, request: string, response = nothing): MethodDefinition<unknown, Reply> {
  return method(`${persistent}.PersistentSubscriptions/${name}`, `${persistent}.${request}`, response);
}

function method(
  path: string, request: string, response: string, { requests = false, responses = false } = {},
): MethodDefinition<unknown, Reply> {
  const requestType = root.lookupType(request);
  const responseType = root.lookupType(response);
  return {
    path: `/${path}`,
    requestStream: requests,
    responseStream: responses,
    requestSerialize: (value) => Buffer.from(requestType.encode(value as Reply).finish()),
    requestDeserialize: (bytes) => requestType.decode(bytes),
    responseSerialize: (value) => responseType.encode(value).finish() as Buffer,
    responseDeserialize: (bytes) => responseType.decode(bytes),
  };
}
