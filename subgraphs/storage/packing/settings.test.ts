import { usualRule } from './rule';
import { BadPackingSetting, packingFrom } from './settings';

it('packing is as usual, off, or as the environment says', () => {
  expect(packingFrom({})).toEqual({});
  expect(packingFrom({ OORT_PACKING: 'on' })).toEqual({});
  expect(packingFrom({ OORT_PACKING: 'off', OORT_PACKING_MIB: '1' })).toEqual({ packing: null });
  expect(packingFrom({ OORT_PACKING_MIB: '1' })).toEqual({ packing: { rule: { ...usualRule, packBytes: 1024 * 1024 }, intervalMs: 60_000 } });
  expect(packingFrom({ OORT_PACKING_AGE_SECONDS: '2' })).toEqual({ packing: { rule: { ...usualRule, ageMs: 2_000, lingerMs: 48_000, abandonedMs: 5_000 }, intervalMs: 2_000 } });
});

it.each([{ OORT_PACKING: 'yes' }, { OORT_PACKING_AGE_SECONDS: '-1' }, { OORT_PACKING_AGE_SECONDS: 'soon' }, { OORT_PACKING_MIB: '0.1' }, { OORT_PACKING_MIB: '17' }, { OORT_PACKING_MIB: 'x' }])('refuses %j', (environment) => {
  expect(() => packingFrom(environment)).toThrow(BadPackingSetting);
});
