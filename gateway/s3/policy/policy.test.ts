import fc from 'fast-check';
import { S3Error } from '../s3-error';
import { parsePolicy } from './document';
import { evaluate, type Asked, type Verdict } from './evaluate';
import { isPublic } from './is-public';
import { like } from './patterns';

const base = { Sid: 'one', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' };
const text = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const policy = (...statements: readonly object[]) => parsePolicy(text(...statements), 'photos');
const asked = (more: Partial<Asked> = {}, keys: Readonly<Record<string, readonly string[]>> = {}): Asked => ({
  principal: { accountId: 'account_1', canonicalId: 'c'.repeat(64) }, action: 's3:GetObject', resource: 'arn:aws:s3:::photos/cat.png',
  context: (key) => keys[key] ?? null, ...more,
});
const verdictOf = (statement: object, keys: Readonly<Record<string, readonly string[]>> = {}, more: Partial<Asked> = {}): Verdict =>
  evaluate(policy({ ...base, ...statement }), asked(more, keys));

describe('a bucket policy', () => {
  it.each([
    ['everyone', { Principal: '*' }, 'allow'],
    ['everyone, by kind', { Principal: { AWS: '*' } }, 'allow'],
    ['the account', { Principal: { AWS: ['account_2', 'account_1'] } }, 'allow'],
    ['its root', { Principal: { AWS: 'arn:aws:iam::account_1:root' } }, 'allow'],
    ['it as a user of no account', { Principal: { AWS: 'arn:aws:iam:::user/account_1' } }, 'allow'],
    ['its canonical id', { Principal: { CanonicalUser: 'c'.repeat(64) } }, 'allow'],
    ['a user within it, which it has none of', { Principal: { AWS: 'arn:aws:iam::account_1:user/bob' } }, 'silent'],
    ['another', { Principal: { AWS: 'account_2' } }, 'silent'],
    ['a service', { Principal: { Service: 'logging.s3.amazonaws.com' } }, 'silent'],
    ['everyone but another, to deny', { Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: 'account_2' } }, 'deny'],
    ['everyone but it, to deny', { Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: 'account_1' } }, 'silent'],
    ['a family of actions', { Action: 's3:Get*' }, 'allow'],
    ['an action in another case', { Action: 'S3:getobject' }, 'allow'],
    ['every action but some', { Action: undefined, NotAction: 's3:Put*' }, 'allow'],
    ['every action but it', { Action: undefined, NotAction: ['s3:Put*', 's3:GetObject'] }, 'silent'],
    ['a family of keys', { Resource: 'arn:aws:s3:::photos/c?t.*' }, 'allow'],
    ['keys in another case', { Resource: 'arn:aws:s3:::photos/CAT*' }, 'silent'],
    ['every key but some', { Resource: undefined, NotResource: 'arn:aws:s3:::photos/dog*' }, 'allow'],
    ['a key named by a variable', { Resource: 'arn:aws:s3:::photos/${aws:userid}.png' }, 'silent'],
  ] as const)('names %s', (_, statement, verdict) => { expect(verdictOf(statement)).toBe(verdict); });

  it('lets Deny stand above Allow, in any order', () => {
    const deny = { ...base, Sid: 'two', Effect: 'Deny', Resource: 'arn:aws:s3:::photos/c*' };
    expect(evaluate(policy(base, deny), asked())).toBe('deny');
    expect(evaluate(policy(deny, base), asked())).toBe('deny');
    expect(evaluate(policy(deny, base), asked({ resource: 'arn:aws:s3:::photos/dog.png' }))).toBe('allow');
  });

  it('says nothing to one without a key unless it names everyone', () => {
    expect(verdictOf({}, {}, { principal: null })).toBe('allow');
    expect(verdictOf({ Principal: { AWS: 'account_1' } }, {}, { principal: null })).toBe('silent');
  });

  it('puts what a variable stands for in its place as text', () => {
    const own = { Resource: 'arn:aws:s3:::photos/${aws:userid}/*' };
    expect(verdictOf(own, { 'aws:userid': ['bob'] }, { resource: 'arn:aws:s3:::photos/bob/a' })).toBe('allow');
    expect(verdictOf(own, { 'aws:userid': ['*'] }, { resource: 'arn:aws:s3:::photos/bob/a' })).toBe('silent');
    expect(verdictOf({ Resource: 'arn:aws:s3:::photos/${*}' }, {}, { resource: 'arn:aws:s3:::photos/a' })).toBe('silent');
    expect(verdictOf({ Resource: 'arn:aws:s3:::photos/${*}' }, {}, { resource: 'arn:aws:s3:::photos/*' })).toBe('allow');
  });

  it.each([
    ['StringEquals', 's3:prefix', ['a', 'b'], ['b'], true], ['StringEquals', 's3:prefix', 'a', ['A'], false], ['StringEquals', 's3:prefix', 'a', null, false],
    ['StringNotEquals', 's3:prefix', ['a', 'b'], ['b'], false], ['StringNotEquals', 's3:prefix', 'a', null, true],
    ['StringEqualsIfExists', 's3:prefix', 'a', null, true], ['StringEqualsIfExists', 's3:prefix', 'a', ['b'], false],
    ['StringEqualsIgnoreCase', 'aws:Referer', 'A', ['a'], true], ['StringNotEqualsIgnoreCase', 'aws:Referer', 'A', ['a'], false],
    ['StringLike', 'aws:Referer', 'https://*.example/?', ['https://www.example/x'], true], ['StringNotLike', 'aws:Referer', 'https://*', ['http://x'], true],
    ['NumericLessThanEquals', 's3:max-keys', 10, ['10'], true], ['NumericLessThanEquals', 's3:max-keys', '10', ['11'], false],
    ['NumericNotEquals', 's3:max-keys', '10', ['11'], true], ['NumericGreaterThan', 's3:max-keys', '1.5', ['text'], false],
    ['DateLessThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z', ['2025-12-31T23:59:59Z'], true],
    ['DateGreaterThanEquals', 'aws:CurrentTime', '1767225600', ['2025-12-31T23:59:59Z'], false],
    ['Bool', 'aws:SecureTransport', false, ['false'], true], ['Bool', 'aws:SecureTransport', 'true', ['false'], false],
    ['IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '2001:db8::/32'], ['10.2.3.4'], true], ['IpAddress', 'aws:SourceIp', '2001:db8::/32', ['2001:db8::7'], true],
    ['NotIpAddress', 'aws:SourceIp', '10.0.0.0/8', ['10.2.3.4'], false], ['NotIpAddress', 'aws:SourceIp', '10.0.0.0/8', ['11.2.3.4'], true],
    ['IpAddress', 'aws:SourceIp', '10.0.0.0/8', ['not an address'], false],
    ['ArnLike', 'aws:SourceArn', 'arn:aws:s3:*:*:photos*', ['arn:aws:s3:::photos-1'], true], ['ArnNotEquals', 'aws:SourceArn', 'arn:aws:s3:::a', ['arn:aws:s3:::a'], false],
    ['Null', 's3:x-amz-acl', 'true', null, true], ['Null', 's3:x-amz-acl', 'false', null, false], ['Null', 's3:x-amz-acl', 'false', ['private'], true],
    ['ForAllValues:StringEquals', 's3:RequestObjectTagKeys', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', 's3:RequestObjectTagKeys', ['a'], ['a', 'b'], false], ['ForAllValues:StringEquals', 's3:RequestObjectTagKeys', ['a'], null, true],
    ['ForAnyValue:StringEquals', 's3:RequestObjectTagKeys', ['a'], ['a', 'b'], true], ['ForAnyValue:StringEquals', 's3:RequestObjectTagKeys', ['a'], null, false],
    ['ForAnyValue:StringNotEquals', 's3:RequestObjectTagKeys', ['a'], ['a', 'b'], true],
  ] as const)('holds to %s %s %j where the request says %j: %s', (operator, key, wanted, said, held) => {
    expect(verdictOf({ Condition: { [operator]: { [key]: wanted } } }, said === null ? {} : { [key.toLowerCase()]: said })).toBe(held ? 'allow' : 'silent');
  });

  it.each([
    ['not json', 'Policies must be valid JSON and the first byte must be \'{\''], ['[]', 'Policies must be valid JSON and the first byte must be \'{\''],
    [JSON.stringify({ Version: '2020-01-01', Statement: [base] }), 'The policy must contain a valid version string'],
    [text(), 'Could not parse the policy: Statement is empty!'], [JSON.stringify({ Statement: [base], More: 1 }), 'Unknown field More'],
    [text({ ...base, Effect: undefined }), 'Missing required field Effect cannot be empty!'], [text({ ...base, Effect: 'Perhaps' }), 'Invalid effect: Perhaps'],
    [text({ ...base, Principal: undefined }), 'Missing required field Principal cannot be empty!'], [text({ ...base, Principal: { AWS: 'arn:aws:iam::*:root' } }), 'Invalid principal in policy'],
    [text({ ...base, Principal: undefined, NotPrincipal: '*' }), 'Allow with NotPrincipal is not allowed.'],
    [text({ ...base, Action: 's3:Fly' }), 'Policy has invalid action'], [text({ ...base, Action: 'ec2:RunInstances' }), 'Policy has invalid action'],
    [text({ ...base, Resource: 'arn:aws:s3:::other/*' }), 'Policy has invalid resource'], [text({ ...base, Resource: 'photos/*' }), 'Policy has invalid resource'],
    [text({ ...base, Resource: 'arn:aws:s3:::photos' }), 'Action does not apply to any resource(s) in statement'],
    [text({ ...base, Action: 's3:ListBucket' }), 'Action does not apply to any resource(s) in statement'],
    [text({ ...base, NotAction: 's3:PutObject' }), 'Statement cannot have both Action and NotAction.'], [text(base, base), 'Statement IDs (SID) in a single policy must be unique.'],
    [text({ ...base, Condition: { StringResembles: { 's3:prefix': 'a' } } }), 'Invalid Condition type : StringResembles'],
    [text({ ...base, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/99' } } }), 'Invalid value for condition IpAddress of aws:SourceIp'],
    [text({ ...base, Sid: 'x'.repeat(20_480) }), 'Policy exceeds the maximum allowed document size.'],
  ])('is refused: %s', (document, message) => {
    const parsed = (): unknown => parsePolicy(document, 'photos');
    expect(parsed).toThrow(S3Error);
    expect(parsed).toThrow(message);
  });

  it.each([
    [{}, true], [{ Principal: { AWS: 'account_2' } }, false], [{ Effect: 'Deny' }, false],
    [{ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, false], [{ Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/1' } } }, true],
    [{ Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, true], [{ Condition: { StringLike: { 'aws:Referer': 'https://a/*' } } }, true],
    [{ Condition: { StringEquals: { 'aws:PrincipalAccount': 'account_2' } } }, false], [{ Condition: { StringLike: { 'aws:PrincipalAccount': 'account_*' } } }, true],
    [{ Condition: { StringEqualsIfExists: { 'aws:PrincipalAccount': 'account_2' } } }, true],
    [{ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:*:account_2:*' } } }, false], [{ Condition: { ArnLike: { 'aws:SourceArn': '*' } } }, true],
  ])('is public or not: %j %s', (statement, open) => { expect(isPublic(policy({ ...base, ...statement }))).toBe(open); });
});

describe('whatever policies say', () => {
  const effects = fc.constantFrom('Allow', 'Deny');
  const statements = fc.record({
    Effect: effects, Principal: fc.constantFrom('*', { AWS: 'account_1' }, { AWS: 'account_2' }), Action: fc.constantFrom('s3:*', 's3:Get*', 's3:GetObject', 's3:PutObject'),
    Resource: fc.constantFrom('arn:aws:s3:::photos/*', 'arn:aws:s3:::photos/cat.png', 'arn:aws:s3:::photos/dog?png'),
  });

  it('one statement more never turns a Deny, and order tells nothing', () => {
    fc.assert(fc.property(fc.array(statements, { minLength: 1, maxLength: 5 }), statements, (some, more) => {
      const before = evaluate(policy(...some), asked());
      const after = evaluate(policy(...some, more), asked());
      expect(evaluate(policy(more, ...some.slice().reverse()), asked())).toBe(after);
      if (before === 'deny') expect(after).toBe('deny');
      if (more.Effect === 'Allow' && before === 'allow') expect(after).toBe('allow');
      if (more.Effect === 'Deny') expect(after === 'allow' && before !== 'allow').toBe(false);
    }));
  });

  it('a negated operator answers the opposite where the request says something', () => {
    fc.assert(fc.property(fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 }), fc.string({ maxLength: 4 }), (wanted, said) => {
      for (const [plain, negated] of [['StringEquals', 'StringNotEquals'], ['StringLike', 'StringNotLike']] as const) {
        const verdicts = [plain, negated].map((operator) => verdictOf({ Condition: { [operator]: { 's3:prefix': wanted } } }, { 's3:prefix': [said] }));
        expect(new Set(verdicts).size).toBe(2);
      }
    }));
  });

  it('wildcards match as a regular expression of the same meaning does', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 }), fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (pattern, said) => {
      const model = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(like(pattern, said)).toBe(model.test(said));
    }), { numRuns: 500 });
  });

  it('text of any kind is a policy or is refused as one', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.json().map((json) => `{"Statement":${json}}`)), (document) => {
      try {
        parsePolicy(document, 'photos');
      } catch (error) {
        if (!(error instanceof S3Error)) throw error;
        expect(error.s3Code).toBe('MalformedPolicy');
      }
    }));
  });
});
