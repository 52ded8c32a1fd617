import { Fault } from '@oort/kernel-wire';

/** What the caller is told, with the HTTP status that says it. */
export class DoorRefused extends Fault {
  constructor(readonly status: number, code: string, message: string) {
    super(code, message);
  }
}
