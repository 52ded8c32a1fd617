// The sandbox's own process: takes runs over the channel, executes them, and asks the agent for whatever comes from outside.
import { Fault } from '@oort/kernel-wire';
import { execute, type ExecutorPorts } from './executors';
import type { FromSandbox, ToSandbox } from './sandbox-message';

interface Waiting { resolve(value: Uint8Array | string | null): void; reject(error: Fault): void }

const calls = new Map<number, Waiting>();
const runs = new Map<number, AbortController>();
let lastCall = 0;

function send(message: FromSandbox): void {
  process.send?.(message);
}

function ask(message: (call: number) => FromSandbox): Promise<Uint8Array | string | null> {
  lastCall += 1;
  const call = lastCall;
  return new Promise((resolve, reject) => {
    calls.set(call, { resolve, reject });
    send(message(call));
  });
}

function portsOf({ run, resume, checkpointEveryMs }: Extract<ToSandbox, { readonly type: 'run' }>, signal: AbortSignal): ExecutorPorts {
  return {
    signal, checkpointEveryMs, resume: resume === null ? null : Buffer.from(resume),
    fetchContent: async (contentId) => Buffer.from(await ask((call) => ({ type: 'fetch', run, call, contentId })) ?? ''),
    storeContent: async (bytes) => String(await ask((call) => ({ type: 'store', run, call, bytes }))),
    checkpoint: async (step, bytes) => { await ask((call) => ({ type: 'checkpoint', run, call, step, bytes })); },
  };
}

async function run(message: Extract<ToSandbox, { readonly type: 'run' }>): Promise<void> {
  const { run: id, kind, spec } = message;
  const controller = new AbortController();
  runs.set(id, controller);
  try {
    const { output, units } = await execute(kind, spec, portsOf(message, controller.signal));
    send({ type: 'done', run: id, output, units });
  } catch (error) {
    const code = error instanceof Fault ? error.code : 'EXECUTOR_FAILED';
    send({ type: 'failed', run: id, code, message: error instanceof Error ? error.message : String(error) });
  } finally {
    runs.delete(id);
  }
}

process.on('message', (message: ToSandbox) => {
  switch (message.type) {
    case 'run': void run(message); return;
    case 'abort': runs.get(message.run)?.abort(); return;
    case 'answer': calls.get(message.call)?.resolve(message.value); calls.delete(message.call); return;
    case 'refusal': calls.get(message.call)?.reject(new Fault(message.code, message.message)); calls.delete(message.call); return;
  }
});
// Without its agent it has no reason to live.
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
