// What a caller may read of an error of a subgraph: what was said to it on purpose (it carries a code), nothing of our insides.
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

const internal = 'INTERNAL_SERVER_ERROR';

export type Log = (line: string) => void;

export const maskedMessage = 'Something broke on our side; it is logged under the request id.';

/** `whole` tells that the request failed before any resolver ran: then the fault is in what was asked. */
export function presentError(error: GraphQLError, requestId: string, whole: boolean, log: Log): GraphQLFormattedError {
  const { code } = error.extensions;
  const place = { ...(error.path === undefined ? {} : { path: error.path }) };
  if (typeof code === 'string' && code !== internal) return { message: error.message, ...place, extensions: { ...error.extensions } };
  if (whole && error.path === undefined) return { message: error.message, extensions: { code: 'BAD_USER_INPUT' } };
  const cause = error.originalError ?? error;
  log(`request ${requestId}, ${error.path?.join('.') ?? 'no path'}: ${cause.stack ?? cause.message}\n`);
  return { message: maskedMessage, ...place, extensions: { code: internal, requestId } };
}

/** For a request that failed before any resolver ran, without a word of ours: the fault is in what was asked. */
export function asBadInput(error: GraphQLError): GraphQLError {
  if (error.extensions['code'] !== undefined || error.path !== undefined) return error;
  return new GraphQLError(error.message, { nodes: error.nodes ?? null, extensions: { ...error.extensions, code: 'BAD_USER_INPUT' } });
}
