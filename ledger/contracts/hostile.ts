// Receivers of money that are no friends of who pays them, as EVM code (yellow paper, appendix H): for tests only.
import { concat, dataLength, toBeHex } from 'ethers';

export type Hostility = 'accept' | 'refuse' | 'burn' | 'reenter';

/** What stands at the receiver's address. `reenter` sends the call, once for each payment, before it lets the payment end. */
export function hostileCode(hostility: Hostility, target: string, data: string): string {
  switch (hostility) {
    case 'accept': return '0x';
    // PUSH1 0 PUSH1 0 REVERT
    case 'refuse': return '0x60006000fd';
    // INVALID takes all the gas that it was given.
    case 'burn': return '0xfe';
    case 'reenter': {
      const length = toBeHex(dataLength(data), 2);
      // PUSH2 length PUSH2 45 PUSH1 0 CODECOPY; CALL(gas, target, 0, 0, length, 0, 0); POP STOP; and behind these 45 bytes the call's data.
      return concat([
        '0x61', length, '0x61002d600039', '0x60006000', '0x61', length, '0x60006000', '0x73', target, '0x5af1', '0x5000', data,
      ]);
    }
  }
}
