// Bytes on disk under their content id. A file appears whole or not at all: written aside, flushed, renamed, folder flushed.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { access, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, Fault } from '@oort/kernel-wire';
import { contentIdOf } from './content-id';
import type { ContentStore } from './port';

export class ContentMissing extends Fault {
  constructor(contentId: string) {
    super('CONTENT_MISSING', `no content ${contentId}`, { contentId });
  }
}

export class ContentCorrupt extends Fault {
  constructor(contentId: string) {
    super('CONTENT_CORRUPT', `the bytes kept as ${contentId} do not hash to it`, { contentId });
  }
}

export function diskContentStore(directory: string): ContentStore {
  mkdirSync(join(directory, 'incoming'), { recursive: true });
  return {
    put: (bytes) => put(directory, bytes),
    get: (contentId) => get(directory, contentId),
    has: async (contentId) => isContentId(contentId) && exists(pathOf(directory, contentId)),
  };
}

async function put(directory: string, bytes: Uint8Array): Promise<string> {
  const contentId = contentIdOf(bytes);
  const path = pathOf(directory, contentId);
  if (await exists(path)) return contentId;
  await mkdir(dirname(path), { recursive: true });
  const aside = join(directory, 'incoming', randomUUID());
  await flushed(aside, 'wx', (file) => file.writeFile(bytes));
  await rename(aside, path);
  await flushed(dirname(path), 'r', async () => undefined);
  await flushed(directory, 'r', async () => undefined);
  return contentId;
}

async function get(directory: string, contentId: string): Promise<Buffer> {
  const bytes = await readFile(pathOf(directory, contentId)).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? new ContentMissing(contentId) : error;
  });
  if (contentIdOf(bytes) !== contentId) throw new ContentCorrupt(contentId);
  return bytes;
}

async function flushed(path: string, flags: string, work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Folders by the last two characters, which are spread evenly; the first are the same for every id. */
function pathOf(directory: string, contentId: string): string {
  if (!isContentId(contentId)) throw new ContentMissing(contentId);
  return join(directory, contentId.slice(-2), contentId);
}

/** Checked before an id becomes a path. */
function isContentId(text: string): boolean {
  return /^b[a-z2-7]{58}$/.test(text);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
