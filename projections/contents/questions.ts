import { In } from 'typeorm';
import type { ReadModels } from '@oort/kernel-projection';
import { anyone, HolderEntity, JobContentEntity, JobEntity } from './entities';

/** `reader` is an account's or a node's id. */
export async function mayFetch({ database }: Pick<ReadModels, 'database'>, contentId: string, reader: string): Promise<boolean> {
  const held = await database.getRepository(HolderEntity).existsBy({ id: In([`${contentId}/${reader}`, `${contentId}/${anyone}`]) });
  if (held) return true;
  const needed = await database.getRepository(JobContentEntity).findBy({ contentId });
  return needed.length > 0 && database.getRepository(JobEntity).existsBy({ jobId: In(needed.map(({ jobId }) => jobId)), nodeId: reader });
}
