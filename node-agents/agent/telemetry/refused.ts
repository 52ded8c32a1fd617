import { Fault } from '@oort/kernel-wire';

/** The platform will never take it: another try would be answered alike. */
export class TelemetryRefused extends Fault {
  constructor(readonly answer: string, reason: string) { super('TELEMETRY_REFUSED', reason, { answer }); }
}
