// `debug_traceTransaction` and `debug_traceCall`, as go-ethereum's debug namespace describes them: the struct logger, which is the default,
// and `callTracer`. State and block overrides are refused rather than passed over.
import type { Json } from '@oort/kernel-wire';
import type { TraceOptions, TraceResult } from '@oort/ledger-execution';
import type { RpcBackend } from './backend';
import { keptOrRefused, pastIndex } from './ethereum';
import type { Methods } from './ethereum';
import { LedgerFault, invalidParams, rpcCodes } from './fault';
import { callParam, fieldsParam, hashParam } from './parse';

/** An answer with every step of a long transaction would not fit anywhere. */
const mostSteps = 50_000;

export function debugMethods(backend: RpcBackend): Methods {
  return {
    debug_traceTransaction: async ([value, config]) => {
      const hash = hashParam(value, 'transaction hash');
      const receipt = backend.chain.receipt(hash);
      if (receipt === undefined) throw new LedgerFault('TRANSACTION_UNKNOWN', rpcCodes.refused, 'transaction not found');
      keptOrRefused(backend, receipt.index - 1);
      return traceOf(await backend.state.traceTransaction(hash, optionsParam(config)));
    },
    debug_traceCall: async ([request, block, config]) =>
      traceOf(await backend.state.traceCall(callParam(request), pastIndex(backend, block), optionsParam(config))),
  };
}

function optionsParam(value: Json | undefined): TraceOptions {
  const config = value === undefined || value === null ? {} : fieldsParam(value, 'config');
  const { tracer = null, tracerConfig = null, stateOverrides, blockOverrides } = config;
  if (stateOverrides !== undefined || blockOverrides !== undefined) throw invalidParams('overrides are not supported');
  if (tracer !== null && tracer !== 'callTracer') {
    throw new LedgerFault('TRACER_UNKNOWN', rpcCodes.refused, `tracer not found: ${JSON.stringify(tracer)}`);
  }
  const { onlyTopCall, withLog } = tracerConfig === null ? {} : fieldsParam(tracerConfig, 'tracerConfig');
  const { limit } = config;
  return {
    tracer: tracer ?? 'structLogger',
    disableStack: config['disableStack'] === true,
    disableStorage: config['disableStorage'] === true,
    enableMemory: config['enableMemory'] === true,
    limit: typeof limit === 'number' && limit > 0 ? Math.min(limit, mostSteps) : mostSteps,
    onlyTopCall: onlyTopCall === true,
    withLog: withLog === true,
  };
}

function traceOf(result: TraceResult | null): Json {
  if (result === null) throw new LedgerFault('TRANSACTION_UNKNOWN', rpcCodes.refused, 'transaction not found');
  if (result.kind === 'failed') throw new LedgerFault('TRACE_FAILED', rpcCodes.refused, `tracing failed: ${result.reason}`);
  return result.trace;
}
