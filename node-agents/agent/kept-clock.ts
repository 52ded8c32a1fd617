// What the device's clock is off by, as the platform's answers say (RFC 9110, Date), kept on disk: a device that restarts without a
// network goes on by the platform's time.
import { join } from 'node:path';
import { readState, writeState } from './state-file';

export interface KeptClock {
  /** By the platform's clock, as far as it told. */
  now(): Date;
  /** A Date header of the platform's; what is no date teaches nothing. */
  learn(date: string | null): void;
}

/** behindMs: the platform's time less the device's; toldMs: the platform's when it was last kept, in Unix milliseconds. */
interface Correction { readonly behindMs: number; readonly toldMs: number }

/** Below this a difference is the network's, and requests are good for five minutes anyway. */
const toleratedMs = 30_000;
/** How old the kept time of a device whose clock is wrong may become while the platform answers. */
const keptForMs = 3600_000;

export function keptClock(directory: string, clock: () => Date): KeptClock {
  const path = join(directory, 'clock.json');
  let kept = correctionAt(path);
  let behindMs = kept === null ? 0 : plausible(kept, clock().getTime());

  function keep(next: Correction): void {
    const settled = kept === null ? next.behindMs === 0
      : Math.abs(next.behindMs - kept.behindMs) <= toleratedMs && (next.behindMs === 0 || Math.abs(next.toldMs - kept.toldMs) < keptForMs);
    if (settled) return;
    try {
      writeState(path, next);
      kept = next;
    } catch {
      // A full disk takes the correction's survival, not the request that taught it; the next answer tries again.
    }
  }

  return {
    now: () => new Date(clock().getTime() + behindMs),
    learn(date) {
      const toldMs = Date.parse(date ?? '');
      if (Number.isNaN(toldMs)) return;
      const differenceMs = toldMs - clock().getTime();
      behindMs = Math.abs(differenceMs) > toleratedMs ? differenceMs : 0;
      keep({ behindMs, toldMs });
    },
  };
}

/** The platform's time never goes back: where the correction would have it so, the device's clock was set since. */
function plausible({ behindMs, toldMs }: Correction, deviceMs: number): number {
  if (deviceMs + behindMs >= toldMs - toleratedMs) return behindMs;
  return deviceMs >= toldMs ? 0 : toldMs - deviceMs;
}

/** Null where there is none that can be read: an agent starts without it. */
function correctionAt(path: string): Correction | null {
  try {
    const found = readState<Partial<Correction>>(path);
    return Number.isFinite(found?.behindMs) && Number.isFinite(found?.toldMs) ? found as Correction : null;
  } catch {
    return null;
  }
}
