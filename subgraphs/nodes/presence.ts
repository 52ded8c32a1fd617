// Who is there. Heartbeats are telemetry, far too many to be events; only coming and going is recorded.
// A platform that starts knows nothing yet, so nobody counts as gone before a full period of silence after that.
export interface PresencePorts {
  now(): Date;
  readonly offlineMs: number;
  markOnline(nodeId: string, endpoint: string | null): Promise<void>;
  markOffline(nodeId: string, lastSeenAt: string): Promise<void>;
}

export interface Presence {
  /** What the log says of a node: at start, and after its enrolment. */
  know(node: { readonly nodeId: string; readonly online: boolean; readonly endpoint: string | null }): void;
  beat(nodeId: string, endpoint: string | null, at: Date): Promise<void>;
  /** Declares gone who has been silent for too long. */
  sweep(): Promise<void>;
}

interface Seen { online: boolean; endpoint: string | null; atMs: number }

export function createPresence(ports: PresencePorts): Presence {
  const nodes = new Map<string, Seen>();
  const nowMs = (): number => ports.now().getTime();
  return {
    know({ nodeId, online, endpoint }) {
      nodes.set(nodeId, { online, endpoint, atMs: nowMs() });
    },
    async beat(nodeId, endpoint, at) {
      const seen = nodes.get(nodeId);
      // A clock that runs ahead must not keep a node alive after its death.
      const atMs = Math.min(at.getTime(), nowMs());
      if (seen === undefined || nowMs() - atMs >= ports.offlineMs) return;
      seen.atMs = Math.max(seen.atMs, atMs);
      if (seen.online && seen.endpoint === endpoint) return;
      await ports.markOnline(nodeId, endpoint);
      seen.online = true;
      seen.endpoint = endpoint;
    },
    async sweep() {
      for (const [nodeId, seen] of nodes) {
        if (!seen.online || nowMs() - seen.atMs < ports.offlineMs) continue;
        await ports.markOffline(nodeId, new Date(seen.atMs).toISOString());
        seen.online = false;
      }
    },
  };
}
