// What a chain node tells Prometheus (text exposition format 0.0.4): where it stands, and what it has done since it was started.
import type { ExecutedMci } from '@oort/ledger-execution';
import type { RpcBackend } from './backend';
import type { Methods } from './ethereum';

type Status = Readonly<Record<string, number | boolean | string | null>>;
type Sample = readonly [labels: string, value: number];

export class ChainMeter {
  #ordered = 0;
  #forks = 0;
  #transactions = 0;
  #mcis = 0;
  #executionMs = 0;

  constructor(private readonly backend: Pick<RpcBackend, 'onExecuted' | 'blocks'>) {
    backend.onExecuted((executed) => this.#count(executed));
  }

  /** `status` and `net_peerCount` as the door answers them. */
  text(status: Status, peers: number): string {
    const gauges = [
      ['oort_chain_stable_mci', 'Last stable MCI.', Number(status['last_stable_mci'])],
      ['oort_chain_stable_index', 'Stable index of the last final block.', Number(status['last_stable_block_index'])],
      ['oort_chain_last_mci', 'MCI of the tip of the trunk.', Number(status['last_mci'])],
      ['oort_chain_epoch', 'Epoch of the last stable MCI.', Number(status['epoch'])],
      ['oort_chain_pending_transactions', 'Transactions that wait to be final.', Number(status['pending_transactions'])],
      ['oort_chain_peers', 'Nodes that this one has links to.', peers],
      ['oort_chain_syncing', '1 while the node is far behind its peers.', status['syncing'] === true ? 1 : 0],
      ['oort_chain_halted', '1 when the node has stopped for good.', status['halted'] === null ? 0 : 1],
    ] as const;
    const { held, refused } = this.backend.blocks();
    return [
      ...gauges.map(([name, help, value]) => family(name, 'gauge', help, [['', value]])),
      family('oort_chain_blocks_total', 'counter', 'Blocks that became final, by their status: a fork is the second block with its root.',
        [['{status="ordered"}', this.#ordered], ['{status="fork"}', this.#forks]]),
      family('oort_chain_held_blocks', 'gauge', 'Blocks that wait, by what they wait for.', labelled('for', held, waits)),
      family('oort_chain_refused_blocks_total', 'counter', 'Blocks refused, by the rule that they broke.', labelled('code', refused)),
      family('oort_chain_transactions_total', 'counter', 'Transactions executed.', [['', this.#transactions]]),
      family('oort_chain_executed_mcis_total', 'counter', 'MCIs executed.', [['', this.#mcis]]),
      family('oort_chain_execution_seconds_total', 'counter', 'Time spent executing MCIs and writing them to disk.', [['', this.#executionMs / 1000]]),
    ].join('');
  }

  #count({ blocks, elapsedMs }: ExecutedMci): void {
    this.#mcis += 1;
    this.#executionMs += elapsedMs;
    for (const { record } of blocks) {
      if (record.status === 1) this.#forks += 1;
      else this.#ordered += 1;
      this.#transactions += record.transactions.length;
    }
  }
}

const waits = ['block', 'transaction', 'approve', 'summary', 'nonce', 'time'] as const;

/** Names that must always be there, and those that are. */
function labelled(label: string, counts: ReadonlyMap<string, number>, always: readonly string[] = []): Sample[] {
  return [...new Set([...always, ...counts.keys()])].map((name) => [`{${label}="${name}"}`, counts.get(name) ?? 0]);
}

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`), ''].join('\n');
}

/** `olympus_metrics`: the text itself, so that the platform can show it at a door of its own. */
export function meterMethods(backend: RpcBackend, { status, net_peerCount: peerCount }: Methods): Methods {
  const meter = new ChainMeter(backend);
  return {
    olympus_metrics: async () => meter.text((await status?.([])) as Status, Number(await peerCount?.([]))),
  };
}
