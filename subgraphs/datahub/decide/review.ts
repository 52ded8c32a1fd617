import { refuse, type Decider, type Decision } from '@oort/kernel-decider';
import type { ReviewCommand } from '../commands';
import { evolveReview, type ReviewEvent } from '../evolve';
import type { ReviewRefusal } from '../refusals';
import { noReview, type ReviewState } from '../state';

export const reviewDecider: Decider<ReviewCommand, ReviewState, ReviewEvent, ReviewRefusal> = {
  category: 'review',
  initial: noReview,
  decide,
  evolve: evolveReview,
};

function decide({ data }: ReviewCommand, state: ReviewState): Decision<ReviewEvent, ReviewRefusal> {
  const { allowed, involved, ...review } = data;
  if (!Number.isInteger(review.rating) || review.rating < 1 || review.rating > 5)
    return refuse('RATING_INVALID', 'A rating is 1 to 5.', { rating: review.rating });
  if (review.label !== null && !allowed.includes(review.label)) {
    return refuse('LABEL_UNKNOWN', `The mission has no label ${review.label}.`, {
      label: review.label,
      labels: allowed,
    });
  }
  if (involved.includes(review.accountId))
    return refuse('OWN_WORK', 'Whoever contributed or labelled an item does not review it.', null);
  if (state.reviewers.has(review.accountId))
    return refuse('REVIEWED_ALREADY', 'You have reviewed this item.', null);
  return { events: [{ type: 'ReviewRecorded', data: review }] };
}
