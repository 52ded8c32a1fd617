// A question to a platform's GraphQL door.
import { Fault, type Json } from '@oort/kernel-wire';

export class PlatformRefused extends Fault {
  constructor(message: string) { super('PLATFORM_REFUSED', message); }
}

/** `platform` is the door's address without a path. Throws PlatformRefused with what it said. */
export async function queryPlatform<T>(platform: string, query: string, variables: { readonly [name: string]: Json } = {}, token?: string): Promise<T> {
  const response = await fetch(`${platform}/graphql`, {
    method: 'POST', body: JSON.stringify({ query, variables }),
    headers: { 'content-type': 'application/json', accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  }).catch((error: unknown) => {
    throw new PlatformRefused(`${platform} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { data, errors } = await response.json().catch(() => ({})) as { readonly data?: T; readonly errors?: readonly { readonly message: string }[] };
  if (errors !== undefined || data === undefined) throw new PlatformRefused(errors?.map(({ message }) => message).join('; ') ?? `${platform} answered ${String(response.status)}`);
  return data;
}
