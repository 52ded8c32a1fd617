// The chains of the nodes, in the transaction of what their envelopes change: both are there or neither is, so what is delivered
// again counts nothing twice.
import type { DataSource, EntityManager } from 'typeorm';
import { NotNow, type ChainHead, type Chains } from '@oort/kernel-telemetry';
import { messageOf } from '@oort/kernel-wire';
import { schema } from './tables';

export function postgresChains(database: DataSource): Chains<EntityManager> {
  return {
    change: (topic, nodeIds, work) => whileThere(database, () => database.transaction(async (manager) => {
      // Everybody takes the rows in the same order, so two transactions never wait for each other.
      const sorted = [...nodeIds].sort();
      await manager.query(`INSERT INTO ${schema}.chain (node_id, topic) SELECT node_id, $1 FROM unnest($2::text[]) AS new(node_id) ON CONFLICT DO NOTHING`, [topic, sorted]);
      const rows: readonly { readonly node_id: string; readonly head: ChainHead }[] = await manager.query(
        `SELECT node_id, head FROM ${schema}.chain WHERE topic = $1 AND node_id = ANY($2) ORDER BY node_id FOR UPDATE`, [topic, sorted]);
      const moved = [...await work(new Map(rows.map(({ node_id: nodeId, head }) => [nodeId, head])), manager)];
      if (moved.length === 0) return;
      await manager.query(
        `UPDATE ${schema}.chain SET head = new.head FROM unnest($2::text[], $3::jsonb[]) AS new(node_id, head) WHERE topic = $1 AND chain.node_id = new.node_id`,
        [topic, moved.map(([nodeId]) => nodeId), moved.map(([, head]) => JSON.stringify(head))]);
    })),
  };
}

/** A database that is away is no envelope's fault. Throws NotNow. */
async function whileThere(database: DataSource, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isThere = await database.query('SELECT 1').then(() => true, () => false);
    throw isThere ? error : new NotNow('POSTGRES_AWAY', `PostgreSQL is away: ${messageOf(error)}`);
  }
}
