// Jobs run in a process of their own: no environment, no key, no network client, a bounded heap, killed when a run takes too
// long. Where bubblewrap works, the process also has no network and sees nothing of the disk but programs.
// Without it the walls are those of an ordinary process, which is why only ONNX graphs and image decoding run here.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type Json } from '@oort/kernel-wire';
import { agentPrograms, hostPrograms } from './enclosure/walls';
import type { RunOptions } from './execution-backend';
import type { Executed } from './executors';
import { cudaFlag } from './runtime-flag';
import type { FromSandbox, ToSandbox } from './sandbox-message';

export class SandboxFailed extends Fault {}

export interface SandboxOptions {
  /** Hidden from what runs inside, where bubblewrap works. */
  readonly directory: string;
  readonly memoryMb?: number;
  /** Runs graphs on the GPU; its owner has installed the provider. */
  readonly gpu?: boolean;
}

export interface Sandbox {
  /** Throws SandboxFailed when the process died, took too long, or the executor refused; its code says which. */
  run(kind: string, spec: Json, options: RunOptions): Promise<Executed>;
  close(): void;
}

interface Run { readonly options: RunOptions; resolve(executed: Executed): void; reject(error: Fault): void }

/** One process, started at the first run and again after it died. */
export function openSandbox(options: SandboxOptions): Sandbox {
  const runs = new Map<number, Run>();
  let child: ChildProcess | null = null;
  let lastRun = 0;

  function start(): ChildProcess {
    const started = launch(options);
    started.on('message', (message: FromSandbox) => { void receive(started, message); });
    started.once('exit', () => {
      if (child === started) child = null;
      for (const [id, run] of runs) {
        runs.delete(id);
        run.reject(new SandboxFailed('SANDBOX_DIED', 'the sandbox ended before its result'));
      }
    });
    started.once('error', (error) => process.stderr.write(`sandbox: ${error.message}\n`));
    return started;
  }

  async function receive(from: ChildProcess, message: FromSandbox): Promise<void> {
    if (message.type === 'ready') return;
    const run = runs.get(message.run);
    if (message.type === 'done' || message.type === 'failed') {
      runs.delete(message.run);
      if (message.type === 'done') run?.resolve({ output: message.output, units: message.units });
      else run?.reject(new SandboxFailed(message.code, message.message));
      return;
    }
    tell(from, run === undefined ? { type: 'refusal', call: message.call, code: 'RUN_OVER', message: 'the run is over' } : await answer(run, message));
  }

  return {
    run(kind, spec, run) {
      child ??= start();
      const running = child;
      lastRun += 1;
      const id = lastRun;
      const timer = setTimeout(() => running.kill('SIGKILL'), run.timeoutMs);
      const abort = (): void => tell(running, { type: 'abort', run: id });
      run.signal.addEventListener('abort', abort);
      return new Promise<Executed>((resolve, reject) => {
        runs.set(id, { options: run, resolve, reject });
        tell(running, { type: 'run', run: id, kind, spec, resume: run.resume, checkpointEveryMs: run.checkpointEveryMs });
      }).finally(() => {
        clearTimeout(timer);
        run.signal.removeEventListener('abort', abort);
      });
    },
    close: () => { child?.kill('SIGKILL'); },
  };
}

/** What the executor asked for, from the agent that has a network. */
async function answer({ options }: Run, message: Extract<FromSandbox, { readonly call: number }>): Promise<ToSandbox> {
  const { call } = message;
  try {
    switch (message.type) {
      case 'fetch': return { type: 'answer', call, value: await options.fetchContent(message.contentId) };
      case 'store': return { type: 'answer', call, value: await options.storeContent(Buffer.from(message.bytes)) };
      case 'checkpoint':
        await options.checkpoint(message.step, Buffer.from(message.bytes));
        return { type: 'answer', call, value: null };
    }
  } catch (error) {
    return { type: 'refusal', call, code: error instanceof Fault ? error.code : 'PORT_FAILED', message: error instanceof Error ? error.message : String(error) };
  }
}

function tell(child: ChildProcess, message: ToSandbox): void {
  if (child.connected) child.send(message, () => undefined);
}

function launch({ directory, memoryMb = 1024, gpu = false }: SandboxOptions): ChildProcess {
  const node = [process.execPath, `--max-old-space-size=${memoryMb}`, ...loader(), join(__dirname, 'sandbox-host.ts'), ...(gpu ? [cudaFlag] : [])];
  const [command = process.execPath, ...rest] = hasBubblewrap() ? [...graphWall(directory, gpu), ...(gpu ? gpuDevices() : []), ...node] : node;
  // What a graph might name is looked for below the working directory, so nothing is there.
  const cwd = join(directory, 'nowhere');
  mkdirSync(cwd, { recursive: true });
  return spawn(command, rest, { cwd, env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' });
}

/** By its place, since the sandbox knows no working directory. */
function loader(): readonly string[] {
  return ['--require', require.resolve('tsx/cjs')];
}

const nowhere = '/tmp/nowhere';
/** For the loader's cache. */
const scratch = ['--size', String(64 * 1024 * 1024), '--tmpfs', '/tmp'];

/** bubblewrap(1): own namespaces for everything, network included; nothing of the host but programs, read-only. A driver's parts lie all over
 *  the disk, so with a GPU all of it is there to read but homes and the agent's directory. */
export function graphWall(directory: string, gpu = false): readonly string[] {
  const seen = gpu ? ['--ro-bind', '/', '/', ...homes(), ...scratch, ...agentPrograms(), '--tmpfs', directory] : [...scratch, ...hostPrograms(), '--ro-bind-try', processors, processors];
  return ['bwrap', '--unshare-all', '--die-with-parent', '--new-session', ...seen, '--dev', '/dev', '--proc', '/proc', '--dir', nowhere, '--remount-ro', '/', '--chdir', nowhere];
}

/** What ONNX Runtime chooses its kernels by. */
const processors = '/sys/devices/system/cpu';

function homes(): readonly string[] { return ['/home', '/root'].filter((place) => existsSync(place)).flatMap((place) => ['--tmpfs', place]); }

/** The driver's device files, whichever there are. */
function gpuDevices(): readonly string[] {
  return ['nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia0'].flatMap((name) => ['--dev-bind-try', `/dev/${name}`, `/dev/${name}`]);
}

let bubblewrap: boolean | null = null;

/** Whether it is there and may make namespaces here: inside many containers it may not. */
export function hasBubblewrap(): boolean {
  if (bubblewrap !== null) return bubblewrap;
  const [command = 'bwrap', ...walls] = graphWall(join(__dirname, 'pieces'));
  bubblewrap = spawnSync(command, [...walls, process.execPath, ...loader(), '-e', '0'], { env: {}, stdio: 'ignore', timeout: 10_000 }).status === 0;
  return bubblewrap;
}
