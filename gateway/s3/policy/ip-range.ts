// Address ranges as CIDR has them (RFC 4632, RFC 4291 section 2.3).
import { BlockList, isIP } from 'node:net';

export interface IpRange { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' }

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function ipRange(text: string): IpRange | null {
  const [address = '', length, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  return bits > most ? null : { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

export function inRange(address: string, { address: network, bits, family }: IpRange): boolean {
  const version = isIP(address);
  if (version === 0 || (version === 4) !== (family === 'ipv4')) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}
