import type { Json } from '@oort/kernel-wire';

/** Durable deadlines: what was scheduled fires once after a restart too, late if need be. Scheduling an id again moves nothing. */
export interface Timers {
  schedule(timer: { readonly id: string; readonly kind: string; readonly at: Date; readonly payload: Json }): Promise<void>;
  cancel(id: string): Promise<void>;
  /** The handler may run again after a crash in the middle of it, so it must be idempotent. */
  onFire(kind: string, handler: (timer: { readonly id: string; readonly at: Date; readonly payload: Json }) => Promise<void>): void;
}
