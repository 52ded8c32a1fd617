import { sha256Hex } from '@oort/kernel-wire';

/** The aggregate of one key of one bucket. Stream names stand in the open log, so they say nothing of either. */
export function objectStreamId(bucket: string, key: string): string {
  return sha256Hex(`${bucket}/${key}`).slice(0, 40);
}
