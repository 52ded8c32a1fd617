// Condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
// values"). Values of one key are joined by OR, of a negated operator by NOR; keys and operators by AND.
import type { Context } from './context';
import { inRange, ipRange } from './ip-range';
import { filled, like } from './patterns';

export interface Condition {
  readonly operator: Operator;
  readonly negated: boolean;
  readonly quantifier: 'one' | 'all' | 'any';
  readonly ifExists: boolean;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

type Test = (said: string, value: string, context: Context) => boolean;

const equal: Test = (said, value, context) => said === filled(value, context);
const numbers = (compare: (a: number, b: number) => boolean): Test => (said, value) => compare(numberOf(said), numberOf(value));
const dates = (compare: (a: number, b: number) => boolean): Test => (said, value) => compare(dateOf(said), dateOf(value));
const arn: Test = (said, value, context) => {
  const [parts, patterns] = [sixParts(said), sixParts(value)];
  return parts.length === patterns.length && parts.every((part, at) => like(patterns[at] ?? '', part, context));
};

/** Without the negated ones, which answer the opposite of the one that they negate. */
const tests = {
  StringEquals: equal,
  StringEqualsIgnoreCase: (said, value, context) => said.toLowerCase() === filled(value, context)?.toLowerCase(),
  StringLike: (said, value, context) => like(value, said, context),
  NumericEquals: numbers((a, b) => a === b), NumericLessThan: numbers((a, b) => a < b), NumericLessThanEquals: numbers((a, b) => a <= b),
  NumericGreaterThan: numbers((a, b) => a > b), NumericGreaterThanEquals: numbers((a, b) => a >= b),
  DateEquals: dates((a, b) => a === b), DateLessThan: dates((a, b) => a < b), DateLessThanEquals: dates((a, b) => a <= b),
  DateGreaterThan: dates((a, b) => a > b), DateGreaterThanEquals: dates((a, b) => a >= b),
  Bool: (said, value) => said.toLowerCase() === value.toLowerCase(),
  BinaryEquals: (said, value) => said === value,
  IpAddress: (said, value) => {
    const range = ipRange(value);
    return range !== null && inRange(said, range);
  },
  ArnEquals: arn, ArnLike: arn,
  Null: () => false,
} as const satisfies Readonly<Record<string, Test>>;

export type Operator = keyof typeof tests;

const negations: Readonly<Record<string, Operator>> = {
  StringNotEquals: 'StringEquals', StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase', StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals', DateNotEquals: 'DateEquals', NotIpAddress: 'IpAddress', ArnNotEquals: 'ArnEquals', ArnNotLike: 'ArnLike',
};

/** Null for an operator that does not exist, or that has no such form. */
export function operatorNamed(name: string): Pick<Condition, 'operator' | 'negated' | 'quantifier' | 'ifExists'> | null {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const [, quantifier, text = '', suffix] = match ?? [];
  const negated = Object.hasOwn(negations, text) ? negations[text] : undefined;
  const operator = negated ?? (isOperator(text) ? text : undefined);
  if (operator === undefined || (operator === 'Null' && (suffix !== undefined || quantifier !== undefined))) return null;
  return {
    operator, negated: negated !== undefined, ifExists: suffix !== undefined,
    quantifier: quantifier === 'ForAllValues' ? 'all' : quantifier === 'ForAnyValue' ? 'any' : 'one',
  };
}

function isOperator(text: string): text is Operator { return Object.hasOwn(tests, text); }

/** Whether a value can mean anything to the operator. */
export function isValueOf(operator: Operator, value: string): boolean {
  if (operator === 'IpAddress') return ipRange(value) !== null;
  if (operator.startsWith('Numeric')) return !Number.isNaN(numberOf(value));
  if (operator.startsWith('Date')) return !Number.isNaN(dateOf(value));
  return !(operator === 'Bool' || operator === 'Null') || /^(true|false)$/i.test(value);
}

export function holds({ operator, negated, quantifier, ifExists, key, values }: Condition, context: Context): boolean {
  const said = context(key);
  if (operator === 'Null') return values.some((value) => (value.toLowerCase() === 'true') === (said === null));
  if (said === null || said.length === 0) return ifExists || quantifier === 'all' || (negated && quantifier === 'one');
  const test: Test = tests[operator];
  const fits = (text: string): boolean => values.some((value) => test(text, value, context)) !== negated;
  return quantifier === 'all' || (quantifier === 'one' && negated) ? said.every(fits) : said.some(fits);
}

function numberOf(text: string): number { return /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : Number.NaN; }

/** ISO 8601, or seconds since 1970. */
function dateOf(text: string): number { return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text); }

/** The last part of an ARN may have colons of its own. */
function sixParts(text: string): readonly string[] {
  const parts = text.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
