import { sha256Hex } from '@oort/kernel-wire';
import { getBytes, SigningKey, Wallet } from 'ethers';
import { BundleDamaged, bundleOf, itemsOf } from './bundle';
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

  it('lies in a bundle to the byte as @dha-team/arbundles 1.0.4 makes it, and is had from it again', async () => {
    const tags = [{ name: 'Content-Type', value: 'application/vnd.ipld.car' }];
    const items = await Promise.all(['hello', 'world'].map((text) => dataItemOf(Buffer.from(text), tags, signer)));
    const bundle = bundleOf(items);
    expect(sha256Hex(bundle)).toBe('6f02aa736f3235365e5b66d07c3ad8661f8903413ade24db56523aec47cf4f6d');
    expect(itemsOf(bundle)).toEqual(items);
    expect(itemsOf(bundleOf([]))).toEqual([]);
    const flipped = Buffer.from(bundle);
    flipped.writeUInt8(flipped.readUInt8(170) ^ 1, 170);
    const tooMany = Buffer.from(bundle);
    tooMany.writeUInt8(255, 5);
    for (const damaged of [flipped, tooMany, bundle.subarray(0, -1), Buffer.concat([bundle, Buffer.of(0)]), Buffer.alloc(0), bundle.subarray(0, 40)]) {
      expect(() => itemsOf(damaged)).toThrow(BundleDamaged);
    }
  });
});
