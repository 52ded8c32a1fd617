// What the log keeps from strangers, read with the platform's own keys after everything has ended: each text in an event that is
// not public and in none that is. None of them may stand in what a stranger read, nor in the clear in the log's own files.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileKeyStore, openEmbeddedStore, openVisible } from '@oort/kernel-eventstore';
import { priceBook2026 } from '@oort/projections-billing';
import type { Json } from '@oort/kernel-wire';
import { eventPrivacy, visibilityOf } from '@oort/schema';
import type { Report } from '../loop/report';
import { strangeTexts } from './graphql-wrong';
import type { Reader } from './readers';

export interface Secret {
  readonly type: string;
  readonly text: string;
  /** It is part of a stream's name or of an event's metadata, which are not encrypted: they say that something is, not what. */
  readonly named: boolean;
}

/** Shorter ones, as a label or a count, stand in public texts by chance. */
const shortest = 16;
/** Of events close to one another by chance the same. */
const moment = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
/** Jobs are listed for everybody, by id and the hash of their spec; what they are is not. */
const listed = /^job_[0-9A-HJKMNP-TV-Z]{26}$/;
const perFinding = 3;
const searchable = 2 ** 20;
const word = /[\w+/=-]{8,}/g;

export async function secretsOf(platform: string): Promise<readonly Secret[]> {
  const raw = await openEmbeddedStore({ directory: join(platform, 'events') });
  const store = openVisible(raw, { ...eventPrivacy, keys: fileKeyStore(join(platform, 'keys', 'events')) });
  // An invoice is private, the words of the price list are not.
  const known = new Set<string>([...strangeTexts, ...Object.entries(priceBook2026.prices).flatMap(([name, { unit }]) => [name, unit])]);
  const kept = new Map<string, string>();
  const names = new Set<string>();
  for await (const event of store.readAll('start')) {
    const texts = textsOf(event.data);
    names.add(event.stream).add(event.metadata.occurredAt);
    // Partners are given a public event with its own id; what is private may name it.
    if (visibilityOf(event.type) === 'public') [event.id, ...texts].forEach((text) => known.add(text));
    else texts.forEach((text) => kept.set(text, event.type));
  }
  await store.close();
  const publicly = [...known].join('\n');
  const nameable = [...names].join('\n');
  return [...kept].filter(([text]) => !known.has(text) && !publicly.includes(text)).map(([text, type]) => ({ type, text, named: nameable.includes(text) }));
}

function textsOf(value: Json): readonly string[] {
  if (typeof value === 'string') return value.length >= shortest && !moment.test(value) && !listed.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((inner) => textsOf(inner));
}

export function checkReaders(secrets: readonly Secret[], readers: readonly Reader[], report: Report): void {
  report.check('there are secrets of every kind', kindsOf(secrets).length >= 8, kindsOf(secrets).join(', '));
  for (const { name, door, text } of readers) {
    const words = new Set(text.match(word));
    const found = secrets.filter((secret) => stands(secret.text, text, words));
    report.check(`${name} finds none in ${door}`, found.length === 0, found.length === 0 ? undefined : told(found));
  }
}

export function checkLog(secrets: readonly Secret[], directory: string, report: Report): void {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)).filter((path) => statSync(path).isFile());
  const bytes = files.map((path) => readFileSync(path).toString('latin1')).join('\n');
  const found = secrets.filter(({ text, named }) => !named && bytes.includes(Buffer.from(text).toString('latin1')));
  report.check('none stands in the clear in the log', files.length > 0 && found.length === 0, found.length === 0 ? `${files.length} files` : told(found));
}

/** As itself, or as the chain would carry it. A text of millions of characters is first asked for the secret's words. */
function stands(secret: string, text: string, words: ReadonlySet<string>): boolean {
  if (text.length < searchable && text.includes(Buffer.from(secret).toString('hex'))) return true;
  return (secret.match(word) ?? []).every((one) => words.has(one)) && (text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1)));
}

function kindsOf(secrets: readonly Secret[]): readonly string[] {
  return [...new Set(secrets.map(({ type }) => type))].sort();
}

function told(found: readonly Secret[]): string {
  return `${found.length} of ${kindsOf(found).join(', ')}, as ${found.slice(0, perFinding).map(({ text }) => JSON.stringify(text.slice(0, 60))).join(', ')}`;
}
