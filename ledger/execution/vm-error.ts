// What the EVM says of a failed call, in the words of go-ethereum (core/vm/errors.go), since tools compare them.
const words: Readonly<Record<string, string>> = {
  'revert': 'execution reverted',
  'code store out of gas': 'contract creation code storage out of gas',
  'code size to deposit exceeds maximum code size': 'max code size exceeded',
  'initcode exceeds max initcode size': 'max initcode size exceeded',
  'invalid JUMP': 'invalid jump destination',
  'static state change': 'write protection',
  'create collision': 'contract address collision',
  'insufficient balance': 'insufficient balance for transfer',
  'value out of range': 'return data out of bounds',
  'value overflow': 'gas uint64 overflow',
  'invalid bytecode deployed': 'invalid code: must not begin with 0xef',
};

export function vmErrorWords(error: string): string {
  return words[error] ?? error;
}
