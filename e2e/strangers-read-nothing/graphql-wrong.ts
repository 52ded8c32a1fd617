// Every field and every mutation of the graph, asked by each stranger with values that no client would send.
import WebSocket from 'ws';
import {
  getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType,
  type GraphQLField, type GraphQLInputType,
} from 'graphql';
import { SeededRandom } from '@oort/algorithms-random';
import type { Report } from '../loop/report';
import type { LoopContext } from '../loop/step';
import { fault, tell, tellBrokenHttp, type Answered, type Finding } from './probe';
import { schemaBehind } from './questions';
import { post } from './readers';
import type { Stranger } from './strangers';

type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

const perField = 6;
const atOnce = 8;
/** What strangers say themselves is nobody's secret, wherever it is written down. */
export const strangeTexts = [
  '', ' ', 'x', 'a'.repeat(20_000), '🙂', '../../etc/passwd', `'; drop table events; --`, '__proto__', 'constructor', '1e9', '-1', '٣', 'null', 'node_00000000000000000000000000',
  '0x', `0x${'ff'.repeat(20)}`, `0x${'0'.repeat(40)}`, `0x${'0'.repeat(64)}`, 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', '\u0000', '\ud800', '9'.repeat(400), '2026-13-45T99:99:99Z', '{"a":', '%00', '\r\nset-cookie: a=b',
];
const amounts = ['-1', '0', '1', '1e3', 'abc', '', '0x10', '9'.repeat(100), '1.5', ' 1', '٣'];
const whole = [0, 1, -1, 100, 2_147_483_647, -2_147_483_648];
const parts = [0, -1, 0.5, 1e308, -1e308, 5e-324];

export async function wrongAtGraphql(context: LoopContext, strangers: readonly Stranger[], report: Report, seed: number): Promise<void> {
  const { urls } = context;
  const schema = await schemaBehind(urls.graphql);
  const known = Object.values(context.artifacts).flatMap((value) => (typeof value === 'string' ? [value] : []));
  for (const [index, stranger] of strangers.entries()) {
    const random = new SeededRandom(seed, index);
    const documents = [schema.getQueryType(), schema.getMutationType()].flatMap((root) => Object.values(root?.getFields() ?? {}).flatMap((field) =>
      Array.from({ length: field.args.length === 0 ? 1 : perField }, () => documentOf(root === schema.getMutationType() ? 'mutation' : 'query', field, known, random))));
    const findings: Finding[] = [];
    for (let first = 0; first < documents.length; first += atOnce) {
      await Promise.all(documents.slice(first, first + atOnce).map(async (body) => {
        const why = wrong(await post(urls.graphql, body, stranger));
        if (why !== null) findings.push({ said: body, why });
      }));
    }
    tell(report, `GraphQL: ${stranger.name} asks every field nonsense`, documents.length, findings);
  }
  await tellNoQueries(urls.graphql, strangers, report);
  await tellStolenIds(context, strangers, report);
  await tellSockets(urls.graphqlWebSocket, report);
  await tellBrokenHttp(report, 'GraphQL', urls.graphql, '/graphql');
}

/** An error must have a code that is not ours to be ashamed of. */
function wrong(answered: Answered): string | null {
  const why = fault(answered, (text) => codesOf(text).length > 0);
  if (why !== null) return why;
  const bad = codesOf(answered.text).filter((code) => code === undefined || code === 'INTERNAL_SERVER_ERROR');
  return bad.length === 0 ? null : `an error without a code: ${answered.text.slice(0, 300)}`;
}

function codesOf(text: string): readonly (string | undefined)[] {
  try {
    const { errors = [] } = JSON.parse(text) as { readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[] };
    return errors.map(({ extensions }) => extensions?.code);
  } catch {
    return [];
  }
}

function documentOf(kind: 'query' | 'mutation', field: GraphQLField<unknown, unknown>, known: readonly string[], random: SeededRandom): string {
  const named = getNamedType(field.type);
  const selection = isEnumType(named) || !('getFields' in named || 'getTypes' in named) ? '' : '{ __typename ... on Refusal { code message } }';
  const fitting = isObjectType(named) || selection === '' ? selection.replace(' ... on Refusal { code message }', '') : selection;
  const { args } = field;
  const declared = args.map(({ name, type }) => `$${name}: ${type.toString()}`).join(', ');
  const passed = args.map(({ name }) => `${name}: $${name}`).join(', ');
  const query = `${kind} Odd${declared === '' ? '' : `(${declared})`} { ${field.name}${passed === '' ? '' : `(${passed})`} ${fitting} }`;
  const variables = Object.fromEntries(args.map(({ name, type }) => [name, valueOf(type, name, known, random)]));
  return JSON.stringify({ query, variables });
}

function valueOf(type: GraphQLInputType, name: string, known: readonly string[], random: SeededRandom): Value {
  if (isNonNullType(type)) return valueOf(type.ofType, name, known, random) ?? oneOf(strangeTexts, random);
  if (isListType(type)) return Array.from({ length: random.below(4) }, () => valueOf(type.ofType, name, known, random));
  if (isEnumType(type)) return oneOf(type.getValues().map((value) => value.name), random);
  if (isInputObjectType(type)) {
    return Object.fromEntries(Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || random.below(2) === 0)
      .map((field) => [field.name, valueOf(field.type, field.name, known, random)]));
  }
  // A node that asks for work may be made to wait for it, which is no fault.
  if (name === 'waitMs') return oneOf([0, -1], random);
  if (type.name === 'Int') return oneOf(whole, random);
  if (type.name === 'Float') return oneOf(parts, random);
  if (type.name === 'Boolean') return random.below(2) === 0;
  if (type.name === 'Wei' || type.name === 'MicroUsd') return oneOf(amounts, random);
  if (type.name === 'JSON') return oneOf<Value>([null, {}, [], 'x', 7, nested(60), { ['__proto__']: 1 }, { layers: [{ kind: 'dense', units: -1 }] }], random);
  return random.below(3) === 0 ? oneOf(known, random) : oneOf(strangeTexts, random);
}

function nested(depth: number): Value {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}

function oneOf<T>(values: readonly T[], random: SeededRandom): T {
  return values[random.below(values.length)] as T;
}

async function tellNoQueries(url: string, strangers: readonly Stranger[], report: Report): Promise<void> {
  const deep = `{ mission(id: "x") { ${'versions { '.repeat(5)} id ${'} '.repeat(5)} } }`;
  const bodies = [
    '', '{', '[]', '[{}]', 'null', '7', '"x"', '{"query":7}', '{"query":""}', '{"query":"{"}', '{"query":"{ nothing }"}', '{"query":"{ me { id } }","variables":7}',
    '{"query":"query A { me { id } } query B { me { id } }"}', '{"query":"{ me { id } }","operationName":"Z"}', '{"query":"subscription { eventAppended { id } }"}',
    JSON.stringify({ query: deep }), JSON.stringify({ query: `{ ${'me { id } '.repeat(5000)} }` }), JSON.stringify({ query: `{ ${Array.from({ length: 2000 }, (_, index) => `a${index}: missions(first: 1000) { edges { node { id } } }`).join(' ')} }` }),
    JSON.stringify({ query: '{ a }'.repeat(10_000) }), JSON.stringify({ query: 'fragment A on Mission { ...B } fragment B on Mission { ...A } { mission(id: "x") { ...A } }' }),
    JSON.stringify({ query: '{ events(after: "zzz", first: 5) { edges { cursor } } }' }), JSON.stringify({ query: '{ missions(first: 2, after: "!!!") { edges { cursor } } }' }),
    JSON.stringify({ query: '{ missions(first: -2147483648) { edges { cursor } } }' }), `{"query":"{ me { id } }","variables":{"a":"${'x'.repeat(1_000_000)}"}}`,
  ];
  const findings: Finding[] = [];
  const [nobody] = strangers;
  if (nobody === undefined) return;
  for (const body of bodies) {
    const why = wrong(await post(url, body, nobody));
    if (why !== null) findings.push({ said: body.slice(0, 120), why });
  }
  for (const authorization of ['Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic eDp5', `Bearer ${'x'.repeat(8000)}`]) {
    const why = wrong(await post(url, '{"query":"{ me { id } }"}', { ...nobody, headers: () => ({ authorization }) }));
    if (why !== null) findings.push({ said: authorization.slice(0, 40), why });
  }
  tell(report, 'GraphQL: what is no query is refused with a code', bodies.length + 5, findings);
}

/** What belongs to others cannot be changed by who knows its id. */
async function tellStolenIds({ urls, artifacts, agents }: LoopContext, strangers: readonly Stranger[], report: Report): Promise<void> {
  const { missionId = '', modelId = '', deploymentId = '', modelVersionId = '', trainingRunId = '' } = artifacts;
  const nodeId = [...agents.values()][0]?.nodeId ?? '';
  const attempts: readonly (readonly [field: string, input: Readonly<Record<string, Value>>])[] = [
    ['closeMission', { missionId }], ['sealVersion', { missionId }], ['addGoldItems', { missionId, items: [] }],
    ['drainNode', { nodeId }], ['retireNode', { nodeId }], ['publishVersion', { runId: trainingRunId, card: {} }],
    ['startTrainingRun', { modelId, datasetVersionIds: [] }], ['rollBackDeployment', { deploymentId, reason: 'x' }], ['acknowledgeDeployment', { deploymentId }],
    ['deployVersion', { versionId: modelVersionId, nodeIds: ['node_x'] }],
  ];
  const findings: Finding[] = [];
  for (const stranger of strangers) {
    for (const [field, input] of attempts) {
      const query = `mutation Stolen($input: ${field[0]?.toUpperCase() ?? ''}${field.slice(1)}Input!) { ${field}(input: $input) { __typename } }`;
      const fixed = query.replace(/Drain(?=NodeInput)|Retire(?=NodeInput)/, '');
      const { text } = await post(urls.graphql, JSON.stringify({ query: fixed, variables: { input } }), stranger);
      if (!text.includes('"__typename":"Refusal"')) findings.push({ said: `${stranger.name}: ${field}`, why: text.slice(0, 200) });
    }
  }
  tell(report, 'GraphQL: what is somebody else\'s stays as it is', attempts.length * strangers.length, findings);
}

async function tellSockets(url: string, report: Report): Promise<void> {
  const init = '{"type":"connection_init"}';
  const subscribe = (query: string): string => JSON.stringify({ id: '1', type: 'subscribe', payload: { query } });
  const talks: readonly (readonly (string | Buffer)[])[] = [
    ['{'], ['{}'], ['[]'], ['{"type":"nonsense"}'], [Buffer.from([0, 255, 1])], [subscribe('{ me { id } }')], [init, init], [init, '{"type":"subscribe"}'],
    [init, subscribe('{')], [init, subscribe('{ nothing }')], [init, subscribe('subscription { eventAppended(after: "zzz") { id } }')],
    ['{"type":"connection_init","payload":{"authorization":"Bearer x"}}', subscribe('{ me { id } }')], [init, subscribe('{ me { id } }'), subscribe('{ me { id } }')],
    ['x'.repeat(20_000_000)],
  ];
  const findings: Finding[] = [];
  for (const talk of talks) {
    const heard = await converse(url, talk);
    const why = fault({ status: 400, text: heard }, (text) => /^closed (4\d{3}|1009|1007)|"code":"(?!INTERNAL)|^$/m.test(text) || text.includes('"data"'));
    if (why !== null) findings.push({ said: String(talk.at(-1)).slice(0, 60), why });
  }
  tell(report, 'GraphQL: broken talk over a WebSocket is answered or ended with a code', talks.length, findings);
}

function converse(url: string, talk: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    const heard: string[] = [];
    const timer = setTimeout(() => { socket.terminate(); resolve(heard.join('\n')); }, 1000);
    socket.on('open', () => { for (const one of talk) socket.send(one); });
    socket.on('message', (data: Buffer) => { heard.push(data.toString()); });
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => { clearTimeout(timer); resolve([...heard, `closed ${code} ${reason.toString()}`].join('\n')); });
  });
}
