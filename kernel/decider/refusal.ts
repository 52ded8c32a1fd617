import type { RefusalOf } from './port';

export function refusal<Code extends string, Payload>(code: Code, message: string, payload: Payload): RefusalOf<Code, Payload> {
  return { code, message, payload };
}

/** The same as what a decider answers. */
export function refuse<Code extends string, Payload>(code: Code, message: string, payload: Payload): { readonly refused: RefusalOf<Code, Payload> } {
  return { refused: refusal(code, message, payload) };
}
