import { command, scenario } from '@oort/kernel-decider';
import { callsDecider } from './decide';
import type { CallsEvent } from './evolve';
import type { Intent } from './state';

const options = { actor: 'platform', now: new Date('2026-01-01T00:00:00Z') };
const call = { callId: 'call_1', contract: 'Anchors', method: 'recordContent', args: ['0xaa'], valueWei: '0', subject: { kind: 'dataset-version', id: 'v' } };
const anchor = { ...call, callId: 'call_2', method: 'anchor', args: [7, `0x${'ab'.repeat(32)}`], subject: { kind: 'anchor', id: '7' } };
const intended = (data: Omit<Intent, 'nonce'>, nonce: number): CallsEvent => ({ type: 'ChainCallIntended', data: { ...data, nonce } });
const receipt = { txHash: '0x01', blockHash: '0x02', blockNumber: 3 };
const finalised = ({ callId, contract, method, subject }: Omit<Intent, 'nonce'>, status: 'succeeded' | 'reverted'): CallsEvent =>
  ({ type: 'ChainCallFinalised', data: { callId, contract, method, subject, ...receipt, status } });

describe('chain calls', () => {
  it('reserve nonces one after another, from the chain\'s count on', () => {
    scenario(callsDecider).given([]).when(command('IntendCall', { ...call, chainNonce: 5 }, options)).thenEvents([intended(call, 5)]);
    scenario(callsDecider).given([intended(call, 5)]).when(command('IntendCall', { ...anchor, chainNonce: 5 }, options)).thenEvents([intended(anchor, 6)]);
    scenario(callsDecider).given([intended(call, 5)]).when(command('IntendCall', { ...anchor, chainNonce: 9 }, options)).thenEvents([intended(anchor, 9)]);
  });

  it('are not intended twice while they are under way', () => {
    scenario(callsDecider).given([intended(call, 5)]).when(command('IntendCall', { ...call, chainNonce: 5 }, options)).thenRefused('CALL_PENDING_ALREADY', { callId: 'call_1' });
  });

  it('become final once', () => {
    const final = command('FinaliseCall', { callId: 'call_1', ...receipt, status: 'succeeded' as const }, options);
    scenario(callsDecider).given([intended(call, 5)]).when(final).thenEvents([finalised(call, 'succeeded')]);
    scenario(callsDecider).given([intended(call, 5), finalised(call, 'succeeded')]).when(final).thenRefused('CALL_NOT_PENDING');
  });

  it('that anchor the log say so, unless they reverted', () => {
    const final = (status: 'succeeded' | 'reverted') => command('FinaliseCall', { callId: 'call_2', ...receipt, status }, options);
    scenario(callsDecider).given([intended(anchor, 0)]).when(final('succeeded'))
      .thenEvents([finalised(anchor, 'succeeded'), { type: 'LogAnchored', data: { treeSize: 7, root: 'ab'.repeat(32), ...receipt } }]);
    scenario(callsDecider).given([intended(anchor, 0)]).when(final('reverted')).thenEvents([finalised(anchor, 'reverted')]);
  });
});
