// The GraphQL door: HTTP (GET and POST, GraphQL over HTTP) and graphql-ws on one path of one port, and GraphiQL at the root.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { GraphQLError, OperationTypeNode, type OperationDefinitionNode } from 'graphql';
import { leaving } from '@oort/kernel-graphql';
import { collect, newUlid } from '@oort/kernel-wire';
import type { RequestContext } from '@oort/schema';
import { actorOf, Unauthenticated, type Credentials } from './authenticate';
import { GraphiqlPage } from './graphiql-page';
import { beyondLimits, usualLimits, type Limits } from './limits';
import { maskUncoded } from './masking';
import { beyondText } from './plain-text';
import { serveSockets } from './sockets';
import type { ServedSupergraph } from './supergraph';

export interface DoorOptions {
  readonly port: number;
  readonly host?: string;
  readonly supergraph: ServedSupergraph;
  readonly credentials: Credentials;
  readonly limits?: Limits;
  /** Where the bundle of the GraphiQL page is kept. */
  readonly cacheDirectory: string;
  /** Answers pages of other paths, the console's for one; false when the path is not its own. */
  readonly pages?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface Door { readonly url: string; close(): Promise<void> }

export const graphqlPath = '/graphql';
/** Images travel in mutations as base64. */
const largestBodyBytes = 16 * 1024 * 1024;
const maxTokens = 20_000;

export async function openDoor(options: DoorOptions): Promise<Door> {
  const { supergraph, credentials, limits = usualLimits, host = '127.0.0.1' } = options;
  const apollo = apolloServer(supergraph, limits);
  await apollo.start();
  const graphiql = new GraphiqlPage(options.cacheDirectory, graphqlPath);
  const server = createServer((request, response) => {
    answer(request, response, { apollo, graphiql, options }).catch((error: unknown) => {
      process.stderr.write(`door: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'INTERNAL_SERVER_ERROR', 'Something broke on our side.');
    });
  });
  const sockets = serveSockets({ server, path: graphqlPath, supergraph, credentials, limits, maxTokens });
  await listening(server, options.port, host);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}${graphqlPath}`,
    async close() {
      await sockets.close();
      await apollo.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function apolloServer(supergraph: ServedSupergraph, limits: Limits): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    // Loaded already, and never changed while it runs: Apollo is told at once.
    gateway: {
      onSchemaLoadOrUpdate: (callback) => {
        callback({ apiSchema: supergraph.schema, coreSupergraphSdl: supergraph.sdl });
        return () => undefined;
      },
      load: () => Promise.resolve({ executor: supergraph.executor }),
      stop: () => supergraph.stop(),
    },
    introspection: true, includeStacktraceInErrorResponses: false, stopOnTerminationSignals: false, persistedQueries: false,
    parseOptions: { maxTokens }, nodeEnv: 'production', formatError: maskUncoded,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (text: string) => { process.stderr.write(`door: ${text}\n`); } },
    plugins: [ApolloServerPluginLandingPageDisabled(), {
      requestDidStart: () => Promise.resolve({
        didResolveOperation: ({ schema, document, operation, request }) => {
          const variables = request.variables ?? {};
          const refused = notOneQuery(operation) ?? beyondText(document, variables) ?? (operation === undefined ? null : beyondLimits(schema, document, operation, variables, limits));
          if (refused === null) return Promise.resolve();
          return Promise.reject(new GraphQLError(refused.message, { extensions: { ...refused.extensions, http: { status: 400 } } }));
        },
      }),
    }],
  });
}

/** What Apollo leaves to its gateway, which would call it a fault of ours. */
function notOneQuery(operation: OperationDefinitionNode | undefined): GraphQLError | null {
  if (operation === undefined) return new GraphQLError('The document has no such operation, or several and none is named.', { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return null;
  return new GraphQLError('Subscriptions go over a WebSocket to this path (graphql-transport-ws).', { extensions: { code: 'SUBSCRIPTION_OVER_HTTP' } });
}

interface Behind { readonly apollo: ApolloServer<RequestContext>; readonly graphiql: GraphiqlPage; readonly options: DoorOptions }

async function answer(request: IncomingMessage, response: ServerResponse, behind: Behind): Promise<void> {
  const pathname = pathOf(request.url ?? '/');
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('x-content-type-options', 'nosniff');
  if (pathname === null) return refuse(response, 400, 'BAD_REQUEST', 'The path cannot be read.');
  if (request.method === 'OPTIONS') return preflight(response);
  if (pathname === graphqlPath) return answerGraphql(request, response, behind);
  if (pathname === '/health') return end(response, 200, 'application/json', '{"status":"ok"}');
  if (behind.options.pages?.(request, response) === true) return;
  if (await behind.graphiql.answer(pathname, response)) return;
  refuse(response, 404, 'NOT_FOUND', `Nothing is served at ${pathname}; GraphQL is at ${graphqlPath}.`);
}

/** Null for what is no path, as `//` is. */
function pathOf(url: string): string | null {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost').pathname : null;
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, OPTIONS', 'access-control-max-age': '86400',
    'access-control-allow-headers': 'content-type, authorization, apollo-require-preflight, x-oort-node, x-oort-time, x-oort-signature',
  }).end();
}

async function answerGraphql(request: IncomingMessage, response: ServerResponse, { apollo, options }: Behind): Promise<void> {
  const bytes = await collect(request, largestBodyBytes);
  if (bytes === null) return refuse(response, 413, 'BODY_TOO_LARGE', `A request may have ${largestBodyBytes} bytes.`);
  const { method = 'GET', url = '/' } = request;
  const { search, pathname } = new URL(url, 'http://localhost');
  let context: RequestContext;
  try {
    context = { actor: await actorOf({ headers: request.headers, method, path: pathname, body: bytes }, options.credentials), requestId: newUlid(), gone: leaving(response) };
  } catch (error) {
    if (error instanceof Unauthenticated) return refuse(response, 401, error.code, error.message);
    throw error;
  }
  const body = bytes.length === 0 ? {} : parsed(bytes);
  if (body === undefined) return refuse(response, 400, 'BAD_REQUEST', 'The body is not JSON.');
  const headers = new HeaderMap(Object.entries(request.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])));
  const answered = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: method.toUpperCase(), headers, search, body }, context: () => Promise.resolve(context),
  });
  for (const [name, value] of answered.headers) response.setHeader(name, value);
  response.statusCode = answered.status ?? 200;
  if (answered.body.kind === 'complete') {
    response.end(answered.body.string);
    return;
  }
  for await (const chunk of answered.body.asyncIterator) response.write(chunk);
  response.end();
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  end(response, status, 'application/json', JSON.stringify({ errors: [{ message, extensions: { code } }] }));
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, ...(status === 413 ? { connection: 'close' } : {}) }).end(body);
}
