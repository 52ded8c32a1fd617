import { HDNodeWallet, Mnemonic, parseEther } from 'ethers';
import type { Address } from '@oort/ledger-chain';

/** The public test phrase that Hardhat and Anvil print: everybody knows these keys. */
export const developmentMnemonic = 'test test test test test test test test test test test junk';

export function developmentWallet(position: number): HDNodeWallet {
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(developmentMnemonic), `m/44'/60'/0'/0/${position}`);
}

/** The local network's genesis balances in wei: ten development accounts of 10,000,000 OORT, the platform's key 100,000,000. */
export function localAllocations(platform?: string): Record<Address, string> {
  const accounts = Array.from({ length: 10 }, (_, position) => developmentWallet(position).address.toLowerCase());
  const each = parseEther('10000000').toString();
  return {
    ...Object.fromEntries(accounts.map((address) => [address, each])),
    ...(platform === undefined ? {} : { [platform.toLowerCase()]: parseEther('100000000').toString() }),
  };
}
