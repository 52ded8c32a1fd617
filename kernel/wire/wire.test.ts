import fc from 'fast-check';
import { basisPointsOf, canonicalJson, codeOf, deriveId, Fault, newId, newUlid, sha256Hex, uuidV5, type Json } from './index';

/** The text of a value, with its members in a shuffled order: what another implementation might hold. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}

const json = fc.jsonValue().filter((value) => JSON.stringify(value).isWellFormed()) as fc.Arbitrary<Json>;

describe('canonical JSON (RFC 8785)', () => {
  test('the example of section 3.2.2 and 3.2.3', () => {
    const value = {
      numbers: [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\/', literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
      + '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
  });

  test('members are sorted by UTF-16 code units (3.2.3)', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect(Object.keys(JSON.parse(canonicalJson(Object.fromEntries(keys.map((key) => [`k${key}`, 0])))) as object))
      .toEqual(sorted.map((key) => `k${key}`));
  });

  test('holds the same value', () => {
    fc.assert(fc.property(json, (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });

  test('is the same for every order of members, and canonical again', () => {
    fc.assert(fc.property(json, (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
    }));
  });

  test.each([[NaN], [Infinity], ['\ud800'], [{ a: undefined } as unknown as Json], [1n as unknown as Json]])('%p has no text', (value) => {
    expect(() => canonicalJson(value)).toThrow(Fault);
  });
});

describe('ids', () => {
  test('a ULID sorts by time and is not repeated', () => {
    const [early, late] = [newUlid(new Date(1000)), newUlid(new Date(2000))];
    expect(early).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(early < late).toBe(true);
    expect(newUlid(new Date(1000))).not.toBe(early);
    expect(newUlid(new Date(1469918176385)).slice(0, 10)).toBe('01ARYZ6S41');
  });

  test('a derived id is the same for the same seed and kind only', () => {
    expect(deriveId('job', 'x')).toBe(deriveId('job', 'x'));
    expect(new Set([deriveId('job', 'x'), deriveId('job', 'y'), deriveId('run', 'x')]).size).toBe(3);
    expect(newId('job')).toMatch(/^job_[0-9A-Z]{26}$/);
  });

  test('a name-based UUID carries version 5 and the RFC\'s variant', () => {
    expect(uuidV5('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidV5('a')).toBe(uuidV5('a'));
    expect(uuidV5('a')).not.toBe(uuidV5('b'));
  });
});

test('hash, amount, fault', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(basisPointsOf(10_001n, 2_500)).toBe(2_500n);
  const fault = new Fault('GONE', 'it is gone', { id: 1 });
  expect({ code: codeOf(fault), name: fault.name, detail: fault.detail }).toEqual({ code: 'GONE', name: 'Fault', detail: { id: 1 } });
  expect([codeOf(null), codeOf({ code: 1 }), codeOf({ code: 'ENOENT' })]).toEqual([null, null, 'ENOENT']);
});
