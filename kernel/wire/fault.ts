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
