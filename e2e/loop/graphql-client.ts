import { Fault, type Json } from '@oort/kernel-wire';

export class GraphqlFailed extends Fault {}

export type GraphqlClient = <T>(document: string, variables?: Readonly<Record<string, unknown>>, token?: string) => Promise<T>;

/** Over HTTP, as any front end would. Throws GraphqlFailed when the answer carries errors. */
export function graphqlClient(url: string): GraphqlClient {
  return async <T>(document: string, variables: Readonly<Record<string, unknown>> = {}, token?: string): Promise<T> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query: document, variables }),
    });
    const text = await response.text();
    const answer = parsed(text) as { readonly data?: T; readonly errors?: readonly { readonly message: string }[] } | null;
    if (answer?.errors !== undefined || answer?.data === undefined) {
      const operation = /(?:query|mutation)\s+(\w+)/.exec(document)?.[1] ?? 'operation';
      throw new GraphqlFailed('GRAPHQL_FAILED', `${operation}: ${answer?.errors?.map(({ message }) => message).join('; ') ?? `${response.status} ${text.slice(0, 200)}`}`);
    }
    return answer.data;
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
