import { Wallet } from 'ethers';
import {
  issueSession, newDeviceKey, publicKeyOf, readSession, signRequest, signWith, siweMessage, verifyRequest, verifySignature, verifySiwe,
} from './index';

const now = new Date('2026-01-01T00:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

test('Ed25519: test 3 of RFC 8032 section 7.1', () => {
  const privateKey = 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7';
  const publicKey = 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025';
  const signature = '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';
  const message = Buffer.from('af82', 'hex');
  expect(publicKeyOf(privateKey)).toBe(publicKey);
  expect(signWith({ publicKey, privateKey }, message)).toBe(signature);
  expect(verifySignature(publicKey, message, signature)).toBe(true);
  expect(verifySignature(publicKey, Buffer.from('af83', 'hex'), signature)).toBe(false);
  expect(verifySignature('no key', message, signature)).toBe(false);
  expect(verifySignature(publicKey, message, 'no signature')).toBe(false);
});

describe('a signed request', () => {
  const key = newDeviceKey();
  const request = { method: 'POST', path: '/graphql', body: '{"query":"{me}"}' };
  const headers = signRequest({ nodeId: 'node_1', key, ...request, now });
  const good = { ...request, headers, publicKey: key.publicKey, now };

  test('passes, within five minutes of either clock', () => {
    expect([good, { ...good, now: later(299) }, { ...good, now: later(-299) }].map(verifyRequest)).toEqual([true, true, true]);
  });

  test.each([
    ['another method', { method: 'GET' }], ['another path', { path: '/other' }], ['another body', { body: '{}' }], ['a late clock', { now: later(301) }],
    ['another key', { publicKey: newDeviceKey().publicKey }], ['another node', { headers: { ...headers, 'x-oort-node': 'node_2' } }],
    ['no headers', { headers: {} }], ['no time', { headers: { ...headers, 'x-oort-time': 'soon' } }],
  ])('fails with %s', (_, change) => {
    expect(verifyRequest({ ...good, ...change })).toBe(false);
  });
});

describe('sign-in with Ethereum (EIP-4361)', () => {
  const wallet = Wallet.createRandom();
  const fields = {
    domain: 'localhost:4000', address: wallet.address, uri: 'http://localhost:4000', chainId: 970, nonce: 'abcdef12', issuedAt: now, expirationTime: later(60),
  };
  const expected = { domain: fields.domain, nonce: fields.nonce, now };

  test.each([[fields], [{ ...fields, statement: 'Sign in to Oort.' }], [{ ...fields, address: wallet.address.toLowerCase() }]])('a signed message names its signer', async (given) => {
    const message = siweMessage(given);
    expect(verifySiwe(message, await wallet.signMessage(message), expected)).toEqual({ address: wallet.address });
  });

  test('the text is the one that wallets know', () => {
    expect(siweMessage({ ...fields, statement: 'Hello.' })).toBe([
      'localhost:4000 wants you to sign in with your Ethereum account:', wallet.address, '', 'Hello.', '', 'URI: http://localhost:4000', 'Version: 1',
      'Chain ID: 970', 'Nonce: abcdef12', 'Issued At: 2026-01-01T00:00:00.000Z', 'Expiration Time: 2026-01-01T00:01:00.000Z'].join('\n'));
  });

  test.each([
    ['domain', { domain: 'evil.example' }], ['nonce', { nonce: 'another1' }], ['expired', { now: later(61) }],
  ])('refused: %s', async (reason, change) => {
    const message = siweMessage(fields);
    const signature = await wallet.signMessage(message);
    expect(() => verifySiwe(message, signature, { ...expected, ...change })).toThrow(reason);
  });

  test('refused: another signer, a broken signature, no such message, a field given twice', async () => {
    const message = siweMessage(fields);
    const other = await Wallet.createRandom().signMessage(message);
    expect(() => verifySiwe(message, other, expected)).toThrow('signature');
    expect(() => verifySiwe(message, '0x12', expected)).toThrow('signature');
    expect(() => verifySiwe('hello', other, expected)).toThrow('malformed');
    expect(() => verifySiwe(`${message}\nNonce: abcdef12`, other, expected)).toThrow('malformed');
  });
});

test('a session is read until it expires, and not when it was touched', () => {
  const key = newDeviceKey();
  const session = { accountId: 'account_1', address: '0xabc' };
  const token = issueSession(session, key, now, 60);
  expect(readSession(token, key.publicKey, later(59))).toEqual(session);
  expect(readSession(token, key.publicKey, later(60))).toBeNull();
  expect(readSession(token, newDeviceKey().publicKey, now)).toBeNull();
  const [claims = '', signature = ''] = token.split('.');
  const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('account_1', 'account_2')).toString('base64url');
  expect([`${forged}.${signature}`, claims, 'x', '', `${token}.`].map((text) => readSession(text, key.publicKey, now))).toEqual([null, null, null, null, null]);
});
