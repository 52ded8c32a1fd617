import type { Address } from '@oort/ledger-chain';
import type { BlockRefusal } from './refusals';

/** OLYMPUS.md section 2: links of one account stand together, nonces ascending. */
export function checkLinks(links: readonly { readonly from: Address; readonly nonce: number }[]): BlockRefusal | null {
  const closed = new Set<Address>();
  let last: { readonly from: Address; readonly nonce: number } | undefined;
  for (const link of links) {
    if (last?.from === link.from) {
      if (link.nonce <= last.nonce) return { code: 'LINK_NONCES_NOT_ASCENDING', account: link.from, nonce: link.nonce };
    } else {
      if (closed.has(link.from)) return { code: 'LINKS_OF_ACCOUNT_SCATTERED', account: link.from };
      closed.add(link.from);
    }
    last = link;
  }
  return null;
}
