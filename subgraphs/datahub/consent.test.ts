import { consentText, consentTextHash } from './consent';

test('a version that was never written has no text, whatever it is called', () => {
  expect(consentText('1.0')).toContain('withdraw');
  for (const version of ['', '2.0', 'constructor', '__proto__', 'toString'])
    expect([consentText(version), consentTextHash(version)]).toEqual([null, null]);
});
