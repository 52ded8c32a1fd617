// Queries and subscriptions over graphql-ws (its PROTOCOL.md), on the path that HTTP uses too.
import type { Server } from 'node:http';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { GraphQLError, getOperationAST, parse, specifiedRules, validate, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { newUlid } from '@oort/kernel-wire';
import type { Actor } from '@oort/schema';
import { accountOf, Unauthenticated, type Credentials } from './authenticate';
import { beyondLimits, type Limits } from './limits';
import { maskUncoded } from './masking';
import { beyondText } from './plain-text';
import type { Operation, ServedSupergraph } from './supergraph';

export interface SocketsOptions {
  readonly server: Server;
  readonly path: string;
  readonly supergraph: ServedSupergraph;
  readonly credentials: Credentials;
  readonly limits: Limits;
  readonly maxTokens: number;
}

const largestMessageBytes = 1024 * 1024;
const maxConnections = 1000;
const maxSubscriptions = 32;
/** Application close codes of graphql-ws end at 4999; this one says what HTTP 429 says. */
const tooMany = 4429;

interface Planned extends ExecutionArgs { readonly asked: Operation }

export function serveSockets({ server, path, supergraph, credentials, limits, maxTokens }: SocketsOptions): { close(): Promise<void> } {
  const sockets = new WebSocketServer({ server, path, maxPayload: largestMessageBytes });
  // ws repeats the server's errors on itself; unheard they would end the process.
  sockets.on('error', () => undefined);
  const actors = new WeakMap<Extra['socket'], Actor>();

  function plan(payload: SubscribePayload, actor: Actor): Planned | readonly GraphQLError[] {
    const { schema } = supergraph;
    const document = parse(payload.query, { maxTokens });
    const wrong = validate(schema, document, specifiedRules);
    if (wrong.length > 0) return wrong.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED'));
    const operationName = payload.operationName ?? null;
    const operation = getOperationAST(document, operationName);
    if (operation === null || operation === undefined) return [coded(new GraphQLError('No such operation in the document.'), 'OPERATION_RESOLUTION_FAILURE')];
    const variables = payload.variables ?? {};
    const beyond = beyondText(document, variables) ?? beyondLimits(schema, document, operation, variables, limits);
    if (beyond !== null) return [beyond];
    const asked: Operation = { source: payload.query, document, operationName, variables, context: { actor, requestId: newUlid() } };
    return { schema, document, operationName, variableValues: variables, contextValue: asked.context, asked };
  }

  const served = useServer({
    schema: supergraph.schema,
    onConnect: ({ connectionParams, extra }) => {
      if (sockets.clients.size > maxConnections) {
        extra.socket.close(tooMany, 'Too many connections');
        return false;
      }
      const { authorization } = connectionParams ?? {};
      try {
        actors.set(extra.socket, typeof authorization === 'string' ? accountOf(authorization, credentials) : { kind: 'anonymous' });
        return true;
      } catch (error) {
        if (error instanceof Unauthenticated) return false;
        throw error;
      }
    },
    onSubscribe: ({ extra, subscriptions }, _id, payload) => {
      if (Object.keys(subscriptions).length > maxSubscriptions) return [coded(new GraphQLError(`A connection may hold ${maxSubscriptions} operations.`), 'TOO_MANY_OPERATIONS')];
      try {
        return plan(payload, actors.get(extra.socket) ?? { kind: 'anonymous' });
      } catch (error) {
        if (error instanceof GraphQLError) return [coded(error, 'GRAPHQL_PARSE_FAILED')];
        throw error;
      }
    },
    execute: (args) => supergraph.execute((args as Planned).asked),
    subscribe: (args) => supergraph.subscribe((args as Planned).asked).catch((error: unknown): ExecutionResult => {
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    }),
    onError: (_context, _id, _payload, errors) => errors.map(masked),
    onNext: (_context, _id, _payload, _args, result) => (result.errors === undefined ? undefined : { data: result.data ?? null, errors: result.errors.map(masked) }),
  }, sockets);
  return {
    async close() {
      await served.dispose();
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function masked(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  return maskUncoded(error instanceof GraphQLError ? error.toJSON() : error);
}

function coded(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, { nodes: error.nodes ?? null, extensions: { ...error.extensions, code } });
}
