// Lays out a new domain on the same floor plan as the others: `npm run domain -- NAME`.
// What it writes compiles and passes its test; its one aggregate is there to be renamed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export class DomainRefused extends Error {}

/** Paths relative to the root, with their contents. Throws DomainRefused for a name that is taken or not kebab-case. */
export function domainFiles(name: string, root: string): ReadonlyMap<string, string> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new DomainRefused(`"${name}" is not a kebab-case name`);
  if (existsSync(join(root, 'subgraphs', name))) throw new DomainRefused(`subgraphs/${name} exists`);
  const thing = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  const field = thing.charAt(0).toLowerCase() + thing.slice(1);
  const folder = `subgraphs/${name}`;
  return new Map([
    [`schema/events/${name}.ts`, eventsFile(thing, field)],
    [`schema/sdl/${name}.graphql`, sdlFile(thing, field)],
    [`${folder}/package.json`, manifest(name, root)],
    [`${folder}/commands.ts`, `import type { Command } from '@oort/kernel-decider';\n\nexport type ${thing}Command = Command<'Create${thing}', { readonly ${field}Id: string }>;\n`],
    [`${folder}/flow.ts`, `import type { Flow } from '@oort/kernel-decider';\n\nexport const ${field}Flow = {\n  Create${thing}: { events: ['${thing}Created'], refusals: ['${constant(name)}_EXISTS'] },\n} as const satisfies Flow;\n`],
    [`${folder}/refusals.ts`, `import type { RefusalOf } from '@oort/kernel-decider';\n\nexport type ${thing}Refusal = RefusalOf<'${constant(name)}_EXISTS', { readonly ${field}Id: string }>;\n`],
    [`${folder}/state.ts`, `export type ${thing}State = { readonly status: 'absent' } | { readonly status: 'created'; readonly ${field}Id: string };\n\nexport const absent: ${thing}State = { status: 'absent' };\n`],
    [`${folder}/evolve.ts`, evolveFile(thing, field, name)],
    [`${folder}/decide.ts`, decideFile(thing, field, name)],
    [`${folder}/decide.test.ts`, testFile(thing, field, name)],
    [`${folder}/resolvers.ts`, resolversFile(thing, field)],
    [`${folder}/subgraph.ts`, subgraphFile(thing, field, name)],
    [`${folder}/index.ts`, `// ${thing}: one sentence about what this domain owns.\nexport { ${field}Decider } from './decide';\nexport { ${field}Flow } from './flow';\nexport { create${thing}Subgraph } from './subgraph';\n`],
  ]);
}

const constant = (name: string): string => name.toUpperCase().replaceAll('-', '_');

function manifest(name: string, root: string): string {
  const version = (path: string, dependency: string): string =>
    (JSON.parse(readFileSync(join(root, path), 'utf8')) as { dependencies: Record<string, string> }).dependencies[dependency] ?? '*';
  return `${JSON.stringify({
    name: `@oort/subgraphs-${name}`, version: '0.1.0', private: true, license: 'Apache-2.0', main: 'index.ts', types: 'index.ts',
    dependencies: {
      '@oort/kernel-decider': '0.1.0', '@oort/kernel-wire': '0.1.0', '@oort/schema': '0.1.0',
      graphql: version('schema/package.json', 'graphql'),
    },
  }, null, 2)}\n`;
}

function eventsFile(thing: string, field: string): string {
  return `import type { Visibilities } from './visibility';\n\nexport type ${thing}Event =\n  | { readonly type: '${thing}Created'; readonly data: { readonly ${field}Id: string } };\n\n`
    + `export const ${field}Visibility = { ${thing}Created: 'public' } as const satisfies Visibilities<${thing}Event>;\n`;
}

function sdlFile(thing: string, field: string): string {
  return `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n\nscalar JSON\n\n`
    + `type ${thing} @key(fields: "id") {\n  id: ID!\n}\n\ntype Refusal @shareable { code: String! message: String! detail: JSON }\n\n`
    + `union Create${thing}Result = ${thing} | Refusal\n\ntype Query {\n  ${field}(id: ID!): ${thing}\n}\n\ntype Mutation {\n  create${thing}: Create${thing}Result!\n}\n`;
}

function evolveFile(thing: string, field: string, name: string): string {
  return `import type { ${thing}Event } from '@oort/schema/events/${name}';\nimport type { ${thing}State } from './state';\n\n`
    + `export function evolve(_: ${thing}State, event: ${thing}Event): ${thing}State {\n  switch (event.type) {\n    case '${thing}Created': return { status: 'created', ${field}Id: event.data.${field}Id };\n  }\n}\n`;
}

function decideFile(thing: string, field: string, name: string): string {
  return `import type { Decider, Decision } from '@oort/kernel-decider';\nimport type { ${thing}Event } from '@oort/schema/events/${name}';\n`
    + `import type { ${thing}Command } from './commands';\nimport { evolve } from './evolve';\nimport type { ${thing}Refusal } from './refusals';\nimport { absent, type ${thing}State } from './state';\n\n`
    + `export const ${field}Decider: Decider<${thing}Command, ${thing}State, ${thing}Event, ${thing}Refusal> = {\n  category: '${name.replaceAll('-', '_')}', initial: absent, decide, evolve,\n};\n\n`
    + `function decide(command: ${thing}Command, state: ${thing}State): Decision<${thing}Event, ${thing}Refusal> {\n  const { ${field}Id } = command.data;\n`
    + `  if (state.status === 'created') {\n    return { refused: { code: '${constant(name)}_EXISTS', message: 'It exists already.', payload: { ${field}Id } } };\n  }\n`
    + `  return { events: [{ type: '${thing}Created', data: { ${field}Id } }] };\n}\n`;
}

function testFile(thing: string, field: string, name: string): string {
  return `import { scenario } from '@oort/kernel-decider';\nimport { ${field}Decider } from './decide';\n\n`
    + `const create = { id: 'c', type: 'Create${thing}', actor: 'platform', issuedAt: '2026-01-01T00:00:00.000Z', data: { ${field}Id: '${field}_1' } } as const;\nconst created = { type: '${thing}Created', data: { ${field}Id: '${field}_1' } } as const;\n\n`
    + `describe('${name}', () => {\n  it('is created once', () => {\n    scenario(${field}Decider).given([]).when(create).thenEvents([created]);\n    scenario(${field}Decider).given([created]).when(create).thenRefused('${constant(name)}_EXISTS');\n  });\n});\n`;
}

function resolversFile(thing: string, field: string): string {
  return `import { command, createHandler, loadState } from '@oort/kernel-decider';\nimport { newId } from '@oort/kernel-wire';\nimport type { RequestContext, SubgraphPorts } from '@oort/schema';\nimport { ${field}Decider } from './decide';\n\n`
    + `export function ${field}Resolvers({ store, now }: Pick<SubgraphPorts, 'store' | 'now'>): Readonly<Record<string, unknown>> {\n  const handle = createHandler({ store, decider: ${field}Decider, now });\n`
    + `  const find = async ({ id }: { readonly id: string }): Promise<object | null> =>\n    ((await loadState(store, ${field}Decider, id)).state.status === 'created' ? { id } : null);\n  return {\n    Query: { ${field}: (_: unknown, args: { readonly id: string }) => find(args) },\n`
    + `    Mutation: {\n      create${thing}: async (_: unknown, __: unknown, { actor }: RequestContext) => {\n        const id = newId('${field}', now());\n        const outcome = await handle(id, command('Create${thing}', { ${field}Id: id }, { actor: actor.kind, now: now() }));\n`
    + `        return outcome.ok ? { __typename: '${thing}', id } : { __typename: 'Refusal', code: outcome.refusal.code, message: outcome.refusal.message, detail: outcome.refusal.payload };\n      },\n    },\n    ${thing}: { __resolveReference: find },\n  };\n}\n`;
}

function subgraphFile(thing: string, field: string, name: string): string {
  return `import { readFileSync } from 'node:fs';\nimport { join } from 'node:path';\nimport { parse } from 'graphql';\nimport type { Subgraph, SubgraphPorts } from '@oort/schema';\nimport { ${field}Resolvers } from './resolvers';\n\n`
    + `export function create${thing}Subgraph(ports: SubgraphPorts): Promise<Subgraph> {\n  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', '${name}.graphql'), 'utf8');\n`
    + `  return Promise.resolve({ name: '${name}', typeDefs: parse(sdl), resolvers: ${field}Resolvers(ports) });\n}\n`;
}

if (require.main === module) {
  const root = join(__dirname, '..');
  try {
    for (const [path, content] of domainFiles(process.argv[2] ?? '', root)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { flag: 'wx' });
      process.stdout.write(`${path}\n`);
    }
    process.stdout.write('Next: npm install && npm run references, then name its events in schema/events/index.ts.\n');
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
