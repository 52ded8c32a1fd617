// Watches the EVM at work and tells it as go-ethereum's debug API does: every instruction (the struct logger) or every call (`callTracer`).
// Left out: the gas that a CALL hands on is not counted into its `gasCost`, and tracers in JavaScript are not run.
import type { EVMResult, InterpreterStep, Message } from '@ethereumjs/evm';
import { setLengthLeft } from '@ethereumjs/util';
import type { VM } from '@ethereumjs/vm';
import { AbiCoder, hexlify, toBeHex, toQuantity } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { vmErrorWords } from './vm-error';

export interface TraceOptions {
  readonly tracer: 'structLogger' | 'callTracer';
  readonly disableStack: boolean;
  readonly disableStorage: boolean;
  readonly enableMemory: boolean;
  /** Steps that are written down; what runs behind them still runs. */
  readonly limit: number;
  readonly onlyTopCall: boolean;
  readonly withLog: boolean;
}

/** What came of the whole transaction. */
export interface TracedOutcome {
  readonly gasUsed: bigint;
  readonly gasLimit: bigint;
  readonly error: string | undefined;
  readonly returned: Uint8Array;
}

export interface Tracer {
  readonly stop: () => void;
  readonly result: (outcome: TracedOutcome) => Json;
}

export function startTracer(vm: VM, options: TraceOptions): Tracer {
  return options.tracer === 'callTracer' ? traceCalls(vm, options) : traceSteps(vm, options);
}

function traceSteps(vm: VM, { disableStack, disableStorage, enableMemory, limit }: TraceOptions): Tracer {
  const logs: { [name: string]: Json }[] = [];
  const touched = new Map<string, { [slot: string]: Json }>();
  const storageOf = async (step: InterpreterStep): Promise<Json> => {
    const { name } = step.opcode;
    const key = step.stack.at(-1);
    if (key === undefined || (name !== 'SLOAD' && name !== 'SSTORE')) return null;
    const owner = step.address.toString();
    const slots = touched.get(owner) ?? {};
    const slot = toBeHex(key, 32);
    const written = step.stack.at(-2) ?? 0n;
    slots[slot.slice(2)] = name === 'SSTORE'
      ? toBeHex(written, 32).slice(2)
      : hexlify(setLengthLeft(await step.stateManager.getStorage(step.address, Buffer.from(slot.slice(2), 'hex')), 32)).slice(2);
    touched.set(owner, slots);
    return { ...slots };
  };
  const write = async (step: InterpreterStep): Promise<void> => {
    if (logs.length >= limit) return;
    const storage = disableStorage ? null : await storageOf(step);
    logs.push({
      pc: step.pc, op: step.opcode.name, gas: Number(step.gasLeft), gasCost: Number(step.opcode.dynamicFee ?? step.opcode.fee),
      depth: step.depth + 1,
      ...(step.gasRefund > 0n ? { refund: Number(step.gasRefund) } : {}),
      ...(disableStack ? {} : { stack: step.stack.map((item) => toQuantity(item)) }),
      ...(enableMemory ? { memory: wordsOf(step.memory, Number(step.memoryWordCount)) } : {}),
      ...(storage === null ? {} : { storage }),
    });
  };
  const onStep = (step: InterpreterStep, next?: () => void): void => {
    void write(step).finally(() => next?.());
  };
  vm.evm.events?.on('step', onStep);
  return {
    stop: () => { vm.evm.events?.off('step', onStep); },
    result: ({ gasUsed, error, returned }) => {
      const last = logs.at(-1);
      if (error !== undefined && error !== 'revert' && last !== undefined && logs.length < limit) last['error'] = vmErrorWords(error);
      return { gas: Number(gasUsed), failed: error !== undefined, returnValue: hexlify(returned), structLogs: logs };
    },
  };
}

function wordsOf(memory: Uint8Array, count: number): string[] {
  return Array.from({ length: count }, (_, word) => hexlify(memory.slice(word * 32, word * 32 + 32)));
}

interface Frame {
  readonly fields: { [name: string]: Json };
  readonly calls: Frame[];
}

function traceCalls(vm: VM, { onlyTopCall, withLog }: TraceOptions): Tracer {
  const open: Frame[] = [];
  let top: Frame | undefined;
  let step: InterpreterStep | undefined;
  const onStep = (now: InterpreterStep, next?: () => void): void => {
    step = now;
    next?.();
  };
  const before = (message: Message, next?: () => void): void => {
    const parent = open.at(-1);
    const frame: Frame = { fields: openingOf(message, message.depth === 0 ? undefined : step, parent), calls: [] };
    if (parent === undefined) top = frame;
    else parent.calls.push(frame);
    open.push(frame);
    next?.();
  };
  const after = (result: EVMResult, next?: () => void): void => {
    const frame = open.pop();
    if (frame !== undefined) close(frame.fields, result, withLog);
    next?.();
  };
  vm.evm.events?.on('step', onStep);
  vm.evm.events?.on('beforeMessage', before);
  vm.evm.events?.on('afterMessage', after);
  return {
    stop: () => {
      vm.evm.events?.off('step', onStep);
      vm.evm.events?.off('beforeMessage', before);
      vm.evm.events?.off('afterMessage', after);
    },
    result: ({ gasUsed, gasLimit }) => (top === undefined ? null : {
      ...framed(top, onlyTopCall), gas: toQuantity(gasLimit), gasUsed: toQuantity(gasUsed),
    }),
  };
}

/** Inside, the instruction that makes a call says of which kind it is; a delegate call runs in the name of its caller. */
function openingOf(message: Message, step: InterpreterStep | undefined, parent: Frame | undefined): { [name: string]: Json } {
  const kind = step?.opcode.name ?? (message.to === undefined ? 'CREATE' : 'CALL');
  const value = kind === 'DELEGATECALL' ? parent?.fields['value'] : toQuantity(message.value);
  return {
    type: kind, from: step?.address.toString() ?? message.caller.toString(),
    ...(message.to === undefined ? {} : { to: message.codeAddress.toString() }),
    ...(kind === 'STATICCALL' || value === undefined ? {} : { value }),
    gas: toQuantity(message.gasLimit), input: hexlify(message.data),
  };
}

function close(fields: { [name: string]: Json }, { createdAddress, execResult }: EVMResult, withLog: boolean): void {
  fields['gasUsed'] = toQuantity(execResult.executionGasUsed);
  const error = execResult.exceptionError?.error;
  if (createdAddress !== undefined && error === undefined) fields['to'] = createdAddress.toString();
  if (error === undefined || error === 'revert') {
    if (execResult.returnValue.length > 0) fields['output'] = hexlify(execResult.returnValue);
  }
  if (error !== undefined) {
    fields['error'] = vmErrorWords(error);
    const reason = error === 'revert' ? revertReason(hexlify(execResult.returnValue)) : null;
    if (reason !== null) fields['revertReason'] = reason;
  } else if (withLog) {
    fields['logs'] = (execResult.logs ?? []).map(([address, topics, data]) => ({
      address: hexlify(address), topics: topics.map((topic) => hexlify(topic)), data: hexlify(data),
    }));
  }
}

function framed({ fields, calls }: Frame, onlyTopCall: boolean): { [name: string]: Json } {
  return { ...fields, ...(onlyTopCall || calls.length === 0 ? {} : { calls: calls.map((call) => framed(call, false)) }) };
}

/** Solidity's `Error(string)`. */
function revertReason(data: string): string | null {
  if (!data.startsWith('0x08c379a0')) return null;
  try {
    return String(AbiCoder.defaultAbiCoder().decode(['string'], `0x${data.slice(10)}`)[0]);
  } catch {
    return null;
  }
}
