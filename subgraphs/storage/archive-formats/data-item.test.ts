import { sha256Hex } from '@oort/kernel-wire';
import { getBytes, SigningKey, Wallet } from 'ethers';
import { dataItemOf, DataItemTagsInvalid, type DataItemSigner } from './data-item';

const wallet = new Wallet(`0x${'11'.repeat(32)}`);
const signer: DataItemSigner = {
  publicKey: Buffer.from(getBytes(SigningKey.computePublicKey(wallet.privateKey, false))),
  sign: async (message) => Buffer.from(getBytes(await wallet.signMessage(message))),
};

describe('a data item of Arweave', () => {
  it('is to the byte what @dha-team/arbundles 1.0.4 makes of the same key, tags and data', async () => {
    const item = await dataItemOf(Buffer.from('hello'), [{ name: 'Content-Type', value: 'application/vnd.ipld.car' }], signer);
    expect(item.id).toBe('MRlq2OsFg8iqn8cZIpRkIA5tWn1XwWBbtZHBQlMRbmw');
    expect(sha256Hex(item.bytes)).toBe('7686a2f01bd92c2b0fa5e8841b7c82ce0ea7b9273a7e947bcca03bf16625c33a');
  });

  it.each([
    ['a tag without a name', [{ name: '', value: 'x' }]], ['a tag without a value', [{ name: 'x', value: '' }]],
    ['129 tags', Array.from({ length: 129 }, () => ({ name: 'x', value: 'y' }))],
    ['tags of more than 4 KiB', [{ name: 'x', value: 'y'.repeat(3000) }, { name: 'z', value: 'y'.repeat(3000) }]],
  ])('refuses %s', async (_, tags) => {
    await expect(dataItemOf(Buffer.from('x'), tags, signer)).rejects.toThrow(DataItemTagsInvalid);
  });
});
