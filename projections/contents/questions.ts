import { In } from 'typeorm';
import type { ReadModels } from '@oort/kernel-projection';
import { anyone, everybody, HolderEntity, JobContentEntity, JobEntity } from './entities';

/** `reader` is an account's or a node's id, or `everybody` for somebody who did not say. */
export async function mayFetch({ database }: Pick<ReadModels, 'database'>, contentId: string, reader: string): Promise<boolean> {
  const readers = reader === everybody ? [everybody] : [reader, anyone, everybody];
  const held = await database.getRepository(HolderEntity).existsBy({ id: In(readers.map((each) => `${contentId}/${each}`)) });
  if (held || reader === everybody) return held;
  const needed = await database.getRepository(JobContentEntity).findBy({ contentId });
  return needed.length > 0 && database.getRepository(JobEntity).existsBy({ jobId: In(needed.map(({ jobId }) => jobId)), nodeId: reader });
}
