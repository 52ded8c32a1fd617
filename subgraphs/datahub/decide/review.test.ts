import { command, scenario, type Command } from '@oort/kernel-decider';
import type { ReviewCommand } from '../commands';
import { reviewDecider } from './review';
import type { ReviewEvent } from '../evolve';

const now = new Date('2026-03-01T00:00:00.000Z');
function asking<C extends Command>() {
  return <T extends C['type']>(type: T, data: Extract<C, { readonly type: T }>['data']): C =>
    command(type, data, { actor: 'account_1', now }) as unknown as C;
}

describe('review', () => {
  const ask = asking<ReviewCommand>();
  const review = { missionId: 'mission_1', itemId: 'i', accountId: 'r', rating: 4, label: '1' };
  const asked = { ...review, allowed: ['0', '1'], involved: ['a'] };
  const recorded: ReviewEvent = { type: 'ReviewRecorded', data: review };
  const given = (...events: readonly ReviewEvent[]) => scenario(reviewDecider).given(events);

  it('comes once from somebody who had no part in it', () => {
    given().when(ask('RecordReview', asked)).thenEvents([recorded]);
    given(recorded).when(ask('RecordReview', asked)).thenRefused('REVIEWED_ALREADY');
    given()
      .when(ask('RecordReview', { ...asked, accountId: 'a' }))
      .thenRefused('OWN_WORK');
    given()
      .when(ask('RecordReview', { ...asked, rating: 6 }))
      .thenRefused('RATING_INVALID', { rating: 6 });
    given()
      .when(ask('RecordReview', { ...asked, label: '7' }))
      .thenRefused('LABEL_UNKNOWN');
  });
});
