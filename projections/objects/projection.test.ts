import { join } from 'node:path';
import { projectionContract } from '@oort/kernel-projection';
import { objectsProjection } from './projection';

projectionContract({
  projection: objectsProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'BucketCreated', 'BucketSettingSet', 'UploadStarted', 'PartStored', 'ObjectStored', 'UploadCompleted',
    'PieceAdded', 'PieceLost', 'SegmentPacked', 'PackSealed', 'ObjectArchived', 'ObjectRestored', 'UploadStarted',
    'UploadAborted', 'ObjectStored', 'DeleteMarkerPlaced', 'ObjectDeleted', 'ObjectStored', 'BucketDeleted',
    'BucketCreated',
  ],
  leaves: ['bucket', 'object', 'segment', 'piece'],
});
