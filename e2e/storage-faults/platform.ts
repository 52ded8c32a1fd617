// Six nodes and a door, each a process, and the hand that kills, stops and spoils them.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { newDeviceKey } from '@oort/kernel-identity';
import { testPostgres, type TestDatabase } from '@oort/kernel-projection';
import { Fault } from '@oort/kernel-wire';
import type { StorageNode } from '@oort/subgraphs-storage';
import { credentials, type DoorTask, type Status, type ToDoor } from './door-process';
import type { NodeFault, NodeTask } from './node-process';

export class ProcessEnded extends Fault {
  constructor(file: string, code: unknown) { super('PROCESS_ENDED', `${file} ended with ${String(code)}`); }
}

interface RunningNode { child: ChildProcess | null; port: number; endpoint: string; online: boolean; status: string; readonly kind: StorageNode['kind']; readonly task: Omit<NodeTask, 'port' | 'fault'> }

export class FaultyPlatform {
  readonly #platformKey = newDeviceKey();
  readonly #nodes: RunningNode[] = [];
  #door: ChildProcess | null = null;
  #port = 0;
  #url = '';

  private constructor(readonly directory: string, private readonly postgres: TestDatabase, private readonly orphanMs: number) {}

  static async start(nodes: number, orphanMs: number): Promise<FaultyPlatform> {
    const directory = mkdtempSync(join(tmpdir(), 'oort-storage-faults-'));
    const platform = new FaultyPlatform(directory, await testPostgres(), orphanMs);
    for (let index = 0; index < nodes; index += 1) await platform.addNode();
    await platform.startDoor();
    return platform;
  }

  get nodeCount(): number { return this.#nodes.length; }

  nodeId(index: number): string { return this.#at(index).task.nodeId; }

  async addNode(kind: StorageNode['kind'] = 'super'): Promise<void> {
    const nodeId = `node_${this.#nodes.length}`;
    const task = { nodeId, directory: join(this.directory, nodeId), platformPublicKey: this.#platformKey.publicKey, key: newDeviceKey() };
    this.#nodes.push({ child: null, port: 0, endpoint: '', online: false, status: 'active', kind, task });
    await this.startNode(this.#nodes.length - 1);
  }

  async startNode(index: number, fault: NodeFault = 'none'): Promise<void> {
    const node = this.#at(index);
    const { child, told } = await run('node-process.ts', { ...node.task, port: node.port, fault } satisfies NodeTask);
    Object.assign(node, { child, endpoint: told, port: Number(new URL(told).port), online: true });
    this.#tell();
  }

  /** Nobody is told of it yet. */
  async killNode(index: number): Promise<void> {
    const node = this.#at(index);
    await kill(node.child);
    node.child = null;
  }

  /** As heartbeats that stay away would say it. */
  noticed(index: number, online = false): void {
    this.#at(index).online = online;
    this.#tell();
  }

  setStatus(index: number, status: string): void {
    this.#at(index).status = status;
    this.#tell();
  }

  spoil(index: number, fault: NodeFault): void { this.#at(index).child?.send(fault); }

  /** It accepts connections and says nothing. */
  hang(index: number): void { this.#at(index).child?.kill('SIGSTOP'); }

  wakeUp(index: number): void { this.#at(index).child?.kill('SIGCONT'); }

  async startDoor(): Promise<void> {
    const task: DoorTask = {
      directory: this.directory, postgres: this.postgres.url, platformKey: this.#platformKey, port: this.#port, nodes: this.#shown(), orphanMs: this.orphanMs };
    const { child, told } = await run('door-process.ts', task);
    this.#door = child;
    this.#url = told;
    this.#port = Number(new URL(told).port);
  }

  async killDoor(): Promise<void> {
    await kill(this.#door);
    this.#door = null;
  }

  get url(): string { return this.#url; }

  client(): S3Client {
    return new S3Client({ endpoint: this.#url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials });
  }

  async status(): Promise<Status> {
    const door = this.#door;
    if (door === null) throw new ProcessEnded('door-process.ts', 'no door');
    const answer = once(door, 'message');
    door.send({ ask: 'status' } satisfies ToDoor);
    const [status] = await answer as [Status | { readonly error: string }];
    if ('error' in status) throw new ProcessEnded('door-process.ts', status.error);
    return status;
  }

  async close(): Promise<void> {
    await this.killDoor();
    for (const { child } of this.#nodes) {
      child?.kill('SIGCONT');
      await kill(child);
    }
    await this.postgres.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #at(index: number): RunningNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }

  #tell(): void { this.#door?.send({ nodes: this.#shown() } satisfies ToDoor); }

  #shown(): readonly StorageNode[] {
    return this.#nodes.map(({ endpoint, online, status, kind, task: { nodeId, key } }, index) => ({
      nodeId, kind, operator: `operator_${index}`, region: 'local', network: `network_${index}`, endpoint, publicKey: key.publicKey, online, status, trust: 0.9 }));
  }
}

async function run(file: string, task: object): Promise<{ readonly child: ChildProcess; readonly told: string }> {
  const child = fork(join(__dirname, file), [JSON.stringify(task)], { execArgv: ['--require', 'tsx/cjs'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const told = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => { resolve(String(message)); });
    child.once('exit', (code) => { reject(new ProcessEnded(file, code)); });
  });
  return { child, told };
}

async function kill(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
