// What leaves the door says nothing of our insides, whatever made it.
import type { GraphQLFormattedError } from 'graphql';
import { maskedMessage } from '@oort/kernel-graphql';

const internal = 'INTERNAL_SERVER_ERROR';

/** The last word over whatever leaves the door: an error of ours without a code never shows its text. */
export function maskUncoded(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const { code, requestId } = formatted.extensions ?? {};
  if (code !== undefined && code !== internal) return formatted;
  if (formatted.message === maskedMessage) return formatted;
  return { message: maskedMessage, ...(formatted.path === undefined ? {} : { path: formatted.path }), extensions: { code: internal, ...(requestId === undefined ? {} : { requestId }) } };
}
