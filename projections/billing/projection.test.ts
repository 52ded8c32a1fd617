import { join } from 'node:path';
import { projectionContract, type StoryEvent } from '@oort/kernel-projection';
import { billingProjection } from './projection';

const nameOfDiscount = `0x${Buffer.from('tokenDiscountBps').toString('hex').padEnd(64, '0')}`;

projectionContract({
  projection: billingProjection, samples: join(__dirname, '..', '..', 'schema', 'golden'),
  life: [
    'AccountOpened', 'S3KeyCreated', 'S3KeyRevoked', 'CreditsToppedUp', 'ObjectStored', 'BandwidthSettled', 'JobCompleted', 'JobRefunded',
    'OfflineUsageReported', 'InvoiceIssued', 'InvoiceIssued', 'JobCompleted', 'ObjectDeleted', 'InvoicePaid',
    log('Governance', 'ParameterChanged', { name: nameOfDiscount, value: '900' }),
  ],
  leaves: ['account', 's3_key', 'usage', 'storage', 'invoice', 'posting', 'parameter'],
});

function log(contract: string, event: string, args: { readonly [name: string]: string | number | boolean }): StoryEvent {
  return { type: 'ChainLogObserved', data: { contract, event, args, txHash: '0x01', logIndex: 0, blockNumber: 1 } };
}
