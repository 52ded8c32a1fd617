// A subgraph as a process of its own: settings, foundation, reactions and timers, and the door for the gateway last.
import type { Upcasters } from '@oort/kernel-eventstore';
import { serveSubgraph, type NamedSchema } from '@oort/kernel-graphql';
import { runProcess, type Settings } from '@oort/kernel-process';
import type { Projection } from '@oort/kernel-projection';
import { openFoundation, type Sealing, type ServiceFoundation } from './foundation';

export interface StartableSubgraph extends NamedSchema { start?(signal: AbortSignal): Promise<void> }

export interface SubgraphProcess {
  readonly name: string;
  /** Those that its queries and reactions read. */
  readonly projections: readonly Projection[];
  readonly sealing: Sealing;
  readonly upcasters: Upcasters;
  open(foundation: ServiceFoundation, settings: Settings, signal: AbortSignal): Promise<StartableSubgraph>;
}

export function runSubgraph({ name, projections, sealing, upcasters, open }: SubgraphProcess): void {
  runProcess(name, async (settings, stop) => {
    const [port, host] = [settings.port('OORT_PORT'), settings.optional('OORT_HOST') ?? '127.0.0.1'];
    const gatewayKey = settings.publicKey('OORT_GATEWAY_PUBLIC_KEY_FILE');
    const foundation = await openFoundation({ name, settings, projections, sealing, upcasters, stop });
    const { signal } = stop;
    await foundation.readModels.current();
    const subgraph = await open(foundation, settings, signal);
    await subgraph.start?.(signal);
    await foundation.timers.start(signal);
    const log = (line: string): void => { process.stderr.write(line); };
    const door = await serveSubgraph({ subgraph, port, host, gatewayKey, log, now: () => foundation.now() });
    return {
      told: { url: door.url },
      async close() {
        await door.close();
        await foundation.close();
      },
    };
  });
}
