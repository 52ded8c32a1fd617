// Calls of contracts without the library's interpreter, which awaits every instruction: here nothing is awaited, and a code is read once.
// What is not in the table is left to the library, from the transaction's beginning, and so is everything that would be refused.
// A test runs random programs and the platform's contracts through both.
import type { ChainParameters, SignedTransaction } from '@oort/ledger-chain';
import { logsBloom } from '../bloom';
import type { FlatState } from '../flat-state';
import { intrinsicGas } from '../intrinsic-gas';
import type { Environment } from '../machine';
import type { RunResult } from '../run-transaction';
import { Frame, type Call, type CallResult, type Surroundings } from './frame';
import { Halt, halts, LeftToLibrary } from './halt';
import { tables, type Table } from './table';
import { World, wordOf } from './world';

/** EIP-3529. */
const refundedShare = 5;
const highestPrecompiled = { shanghai: 0x09n, cancun: 0x0an } as const;
const nothing = Buffer.alloc(0);

/** Null where the library must run it; nothing has changed then. */
export function runCall(
  state: FlatState, { hash, from, fields }: Pick<SignedTransaction, 'hash' | 'from' | 'fields'>, environment: Environment, parameters: ChainParameters,
): RunResult | null {
  const { to, data, listed, gasLimit, gasPrice, priorityFee, value, nonce } = fields;
  const { hardfork } = parameters;
  const baseFee = BigInt(parameters.baseFeePerGasWei);
  const isUsual = to !== null && hardfork !== 'london' && listed.addresses === 0 && gasLimit <= BigInt(parameters.blockGasLimit)
    && gasPrice >= baseFee && priorityFee <= gasPrice && wordOf(to) > highestPrecompiled[hardfork];
  if (!isUsual) return null;
  const intrinsic = intrinsicGas(fields, parameters);
  if ('refused' in intrinsic || gasLimit < intrinsic.gas) return null;
  const coinbase = BigInt(environment.coinbase);
  // EIP-2929, and EIP-3651 for the coinbase.
  const world = new World(state, (address) => address === coinbase || (address > 0n && address <= highestPrecompiled[hardfork]));
  const [payer, target] = [world.holder(BigInt(from)), world.holder(wordOf(to))];
  if (payer.hasCode || payer.nonce !== nonce || payer.balance < gasLimit * gasPrice + value) return null;
  const price = baseFee + (priorityFee < gasPrice - baseFee ? priorityFee : gasPrice - baseFee);
  const around = surroundingsOf(world, { environment, parameters, coinbase, origin: payer.address, price }, tables[hardfork]);
  payer.isWarm = true;
  target.isWarm = true;
  payer.nonce += 1n;
  payer.balance -= gasLimit * price;
  const mark = world.mark();
  let result: CallResult;
  try {
    world.move(payer, target, value);
    result = around.call({
      self: target, caller: payer.address, value, code: target.code, input: Buffer.from(data), gas: Number(gasLimit - intrinsic.gas), isStatic: false, depth: 0,
    });
  } catch (error) {
    if (error instanceof LeftToLibrary) return null;
    throw error;
  }
  if (!result.ok) world.takeBack(mark);
  const spent = Number(gasLimit) - result.gasLeft;
  const gasUsed = BigInt(spent - Math.min(world.refund, Math.floor(spent / refundedShare)));
  payer.balance += (gasLimit - gasUsed) * price;
  world.write();
  return {
    hash, status: result.ok ? 1 : 0, gasUsed, effectiveGasPrice: price, bloom: logsBloom(world.logs), logs: world.logs, type: fields.type, from,
    to: `0x${Buffer.from(to).toString('hex')}`, contractAddress: null,
  };
}

interface Seen {
  readonly environment: Environment;
  readonly parameters: ChainParameters;
  readonly coinbase: bigint;
  readonly origin: bigint;
  readonly price: bigint;
}

function surroundingsOf(world: World, { environment, parameters, coinbase, origin, price }: Seen, table: Table): Surroundings {
  const around: Surroundings = {
    world, origin, gasPrice: price, coinbase, timestamp: BigInt(environment.timestamp), number: BigInt(environment.number),
    random: BigInt(environment.random), gasLimit: BigInt(parameters.blockGasLimit), baseFee: BigInt(parameters.baseFeePerGasWei), chainId: BigInt(parameters.chainId),
    call: (call) => runFrame(call, around, table),
  };
  return around;
}

/** The caller takes back what a frame that was not ok has changed. */
function runFrame(call: Call, around: Surroundings, table: Table): CallResult {
  const { bytes } = call.code;
  if (bytes.length === 0) return { ok: true, gasLeft: call.gas, output: nothing };
  const frame = new Frame(call, around);
  try {
    while (frame.ended === null) {
      // Behind the end of the code stands STOP.
      const op = bytes[frame.pc] ?? 0;
      const instruction = table[op];
      if (instruction === undefined) throw new LeftToLibrary(op);
      frame.gas -= instruction.gas;
      if (frame.gas < 0) throw halts.outOfGas;
      frame.pc += 1;
      instruction.run(frame, op);
    }
  } catch (error) {
    if (error instanceof Halt) return { ok: false, gasLeft: 0, output: nothing };
    throw error;
  }
  return { ok: frame.ended === 'returned', gasLeft: frame.gas, output: frame.output };
}
