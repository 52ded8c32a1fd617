import type { DataSource } from 'typeorm';

interface Client { on(event: 'error', listener: () => void): unknown }
interface Pool { on(event: 'acquire', listener: (client: Client) => void): unknown }

const heard = new WeakSet<Client>();

/** Between its way out of the pool and the first query nobody listens to a connection, and an end of it in that moment would end the
 *  process (node-postgres, "Pool errors"). Whoever uses it next is told by the failure of the query. */
export function outliveConnections(database: DataSource): DataSource {
  const { master } = database.driver as unknown as { readonly master?: Pool };
  master?.on('acquire', (client) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on('error', () => undefined);
  });
  return database;
}
