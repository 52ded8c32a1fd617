// Quality of human labels: what many unsure answers say together, how far people agree, and who answers at random.
export type { Aggregate, AggregateOptions, Judgement } from './judgement';
export { mostProbable } from './judgement';
export { aggregateLabels, dawidSkene, oneCoinDawidSkene } from './dawid-skene';
export { krippendorffAlpha } from './krippendorff';
export { wilsonInterval, wilsonLowerBasisPoints } from './wilson';
export type { AnnotatorRecord, SpamRule } from './spam-rule';
export { defaultSpamRules, spamRuleOf } from './spam-rule';
export { differenceHash, hammingDistance } from './perceptual-hash';
