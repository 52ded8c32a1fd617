import { jest } from '@jest/globals';
import { memoryStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres, type OpenReadModels, type Projection } from '@oort/kernel-projection';

/** What a command prints, also where it throws. */
export async function printed(command: () => Promise<void>): Promise<string> {
  let text = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => { text += String(chunk); return true; });
  await command().finally(() => { write.mockRestore(); });
  return text;
}

/** Read models of a database of their own, which commands find as those of a running platform. */
export async function openTestReadModels(projections: readonly Projection[]): Promise<{ readonly readModels: OpenReadModels; close(): Promise<void> }> {
  const postgres = await testPostgres();
  process.env['OORT_POSTGRES_URL'] = postgres.url;
  const readModels = await openReadModels({ url: postgres.url, projections, store: memoryStore() });
  await readModels.start(new AbortController().signal);
  return {
    readModels,
    async close() {
      delete process.env['OORT_POSTGRES_URL'];
      await readModels.close();
      await postgres.stop();
    },
  };
}
