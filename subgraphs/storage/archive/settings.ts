// Which backends the archive has, from the environment; docs/OPERATIONS.md lists it.
import { readFileSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAddress } from 'ethers';
import { codeOf } from '@oort/kernel-wire';
import { archiveNodesName } from './archive-nodes';
import { arweaveName, ArweaveArchive } from './arweave';
import { BadArchiveSetting } from './faults';
import { FilecoinArchive, filecoinName, type DataSet, type DataSetMemory } from './filecoin';
import type { ArchiveBackend } from './port';

export interface ArchiveSettings { /** Besides the archive nodes. */ readonly backends: readonly ArchiveBackend[]; readonly chosen: readonly string[] }

/** Chains that providers serve, and the warm storage service on them, as the Synapse SDK has them. */
const chains: Readonly<Record<string, { readonly chainId: number; readonly contract: string }>> = {
  mainnet: { chainId: 314, contract: '0x8408502033C418E1bbC97cE9ac48E5528F371A9f' },
  calibration: { chainId: 314159, contract: '0x02925630df557F957f70E112bA06e50965417CA0' },
};

const known = [archiveNodesName, filecoinName, arweaveName];

/** Throws BadArchiveSetting. */
export function archiveFrom(environment: NodeJS.ProcessEnv): { readonly archive?: ArchiveSettings } {
  const backends = [...filecoinFrom(environment), ...arweaveFrom(environment)];
  const text = environment['OORT_ARCHIVE_BACKEND'] ?? '';
  if (text === '' && backends.length === 0) return {};
  const chosen = text === '' ? [archiveNodesName] : text.split(',').map((name) => name.trim());
  for (const name of chosen) {
    if (!known.includes(name)) throw new BadArchiveSetting('OORT_ARCHIVE_BACKEND', `names ${known.join(', ')}, one or several with commas between them, not "${name}"`);
    if (name !== archiveNodesName && !backends.some((backend) => backend.name === name)) throw new BadArchiveSetting('OORT_ARCHIVE_BACKEND', `names ${name}, which has no OORT_${name.toUpperCase()}_KEY_FILE`);
  }
  return { archive: { backends, chosen } };
}

function filecoinFrom(environment: NodeJS.ProcessEnv): readonly ArchiveBackend[] {
  const keyFile = environment['OORT_FILECOIN_KEY_FILE'] ?? '';
  if (keyFile === '') return [];
  const chain = chains[environment['OORT_FILECOIN_CHAIN'] ?? 'mainnet'];
  if (chain === undefined) throw new BadArchiveSetting('OORT_FILECOIN_CHAIN', `is ${Object.keys(chains).join(' or ')}`);
  const payee = environment['OORT_FILECOIN_PAYEE'] ?? '';
  if (payee !== '' && !isAddress(payee)) throw new BadArchiveSetting('OORT_FILECOIN_PAYEE', 'is the address of the provider, 0x and 40 hex digits');
  const file = environment['OORT_FILECOIN_DATA_SET_FILE'] ?? '';
  if (file === '') throw new BadArchiveSetting('OORT_FILECOIN_DATA_SET_FILE', 'names the file in which the data set is remembered');
  return [new FilecoinArchive({
    serviceUrl: urlFrom(environment, 'OORT_FILECOIN_SERVICE_URL'), payee: payee === '' ? null : payee, memory: dataSetFile(file),
    signer: { ...chain, privateKey: keyIn(keyFile, 'OORT_FILECOIN_KEY_FILE') },
  })];
}

function arweaveFrom(environment: NodeJS.ProcessEnv): readonly ArchiveBackend[] {
  const keyFile = environment['OORT_ARWEAVE_KEY_FILE'] ?? '';
  if (keyFile === '') return [];
  return [new ArweaveArchive({
    privateKey: keyIn(keyFile, 'OORT_ARWEAVE_KEY_FILE'),
    bundlerUrl: urlFrom(environment, 'OORT_ARWEAVE_BUNDLER_URL', 'https://upload.ardrive.io/v1/'),
    gatewayUrl: urlFrom(environment, 'OORT_ARWEAVE_GATEWAY_URL', 'https://arweave.net/'),
  })];
}

/** Written beside and then put in its place, so that it is whole or not there. */
export function dataSetFile(file: string): DataSetMemory {
  return {
    async load() {
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      });
      const [, id, clientId] = text === null ? [] : /^(\d{1,20}) (\d{1,78})\n$/.exec(text) ?? [];
      if (text !== null && (id === undefined || clientId === undefined)) throw new BadArchiveSetting('OORT_FILECOIN_DATA_SET_FILE', `names ${file}, which is no data set: its id, a space and the payer's number of it`);
      return id === undefined || clientId === undefined ? null : { id, clientId: BigInt(clientId) };
    },
    async save({ id, clientId }: DataSet) {
      await writeFlushed(`${file}.new`, `${id} ${clientId}\n`);
      await rename(`${file}.new`, file);
      const folder = await open(dirname(file));
      await folder.sync().finally(() => folder.close());
    },
  };
}

async function writeFlushed(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function keyIn(file: string, name: string): string {
  const text = readFileSync(file, 'utf8').trim();
  if (!/^(?:0x)?[0-9a-fA-F]{64}$/.test(text)) throw new BadArchiveSetting(name, `names ${file}, which is no key of 32 bytes in hex`);
  return text.startsWith('0x') ? text : `0x${text}`;
}

function urlFrom(environment: NodeJS.ProcessEnv, name: string, otherwise = ''): URL {
  const text = environment[name] ?? otherwise;
  if (!URL.canParse(text)) throw new BadArchiveSetting(name, `is a URL, not "${text}"`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.hostname !== '127.0.0.1') throw new BadArchiveSetting(name, 'is a URL with https');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
