// The chains of the nodes, in the transaction of what their envelopes change: both are there or neither is, so what is delivered
// again counts nothing twice.
import type { DataSource, EntityManager } from 'typeorm';
import type { ChainHead, Chains } from '@oort/kernel-telemetry';
import { schema } from './tables';

export function postgresChains(database: DataSource): Chains<EntityManager> {
  return {
    change: (nodeId, topic, work) => database.transaction(async (manager) => {
      await manager.query(`INSERT INTO ${schema}.chain (node_id, topic) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [nodeId, topic]);
      // Holds up whoever else has an envelope of this chain, until this transaction is over.
      const rows: readonly { readonly head: ChainHead }[] = await manager.query(
        `SELECT head FROM ${schema}.chain WHERE node_id = $1 AND topic = $2 FOR UPDATE`, [nodeId, topic]);
      const head = await work(rows[0]?.head ?? [], manager);
      if (head !== null) await manager.query(`UPDATE ${schema}.chain SET head = $3 WHERE node_id = $1 AND topic = $2`, [nodeId, topic, JSON.stringify(head)]);
    }),
  };
}
