import type { Json } from './json';

/** A bug or a broken world, never a refusal: doors mask it. `code` is what programs compare, `message` is for people. */
export class Fault extends Error {
  readonly code: string;
  readonly detail: Json;

  constructor(code: string, message: string, detail: Json = null) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.detail = detail;
  }
}

/** The `code` of what was caught, as node:fs and our faults carry it. Not by `instanceof`: under jest an error of node's own
 *  is of another realm. */
export function codeOf(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
