// Rules of the form {collector, condition, action}, as annotation markets state them: what is measured, when it is bad enough, what follows.
import { wilsonInterval } from './wilson';

export interface SpamRule {
  readonly collector: 'gold-accuracy' | 'estimated-accuracy';
  readonly condition: {
    /** Below so many answers the collector says nothing. */
    readonly atLeast: number;
    /** Applies when even the upper Wilson bound lies below: bad luck of an honest person is not spam.
     *  As a part of the way from guessing among the labels to always right, so that two labels are judged as ten are. */
    readonly upperBoundBelow: number;
  };
  readonly action: 'exclude';
}

/** What is known of an annotator. */
export interface AnnotatorRecord {
  readonly goldRight: number;
  readonly goldAnswered: number;
  /** From the aggregation, over all answers; null before there is one. */
  readonly estimatedAccuracy: number | null;
  readonly answered: number;
  /** Of the mission: who guesses among so many is right once in so many answers. */
  readonly labelCount: number;
}

export const defaultSpamRules: readonly SpamRule[] = [
  {
    collector: 'gold-accuracy',
    condition: { atLeast: 4, upperBoundBelow: 0.55 },
    action: 'exclude',
  },
  {
    collector: 'estimated-accuracy',
    condition: { atLeast: 30, upperBoundBelow: 0.45 },
    action: 'exclude',
  },
];

/** The first rule that applies, or null. */
export function spamRuleOf(
  record: AnnotatorRecord,
  rules: readonly SpamRule[] = defaultSpamRules,
): SpamRule | null {
  return rules.find((rule) => applies(rule, record)) ?? null;
}

function applies({ collector, condition }: SpamRule, record: AnnotatorRecord): boolean {
  const [right, answered] =
    collector === 'gold-accuracy'
      ? [record.goldRight, record.goldAnswered]
      : [(record.estimatedAccuracy ?? 1) * record.answered, record.answered];
  const guessing = 1 / record.labelCount;
  return (
    answered >= condition.atLeast &&
    wilsonInterval(right, answered).upper < guessing + (1 - guessing) * condition.upperBoundBelow
  );
}
