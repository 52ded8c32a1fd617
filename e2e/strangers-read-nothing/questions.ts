// Questions to a graph that nobody wrote by hand: every field of the root, with every field below it that needs no argument.
import {
  buildClientSchema, getIntrospectionQuery, getNamedType, isInterfaceType, isListType, isNonNullType, isObjectType, isUnionType,
  type GraphQLField, type GraphQLInputType, type GraphQLOutputType, type GraphQLSchema, type IntrospectionQuery,
} from 'graphql';

const deepest = 5;

export async function schemaBehind(url: string): Promise<GraphQLSchema> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: getIntrospectionQuery() }) });
  return buildClientSchema((await response.json() as { readonly data: IntrospectionQuery }).data);
}

/** One document a root field; a field that takes an id is asked once for each. */
export function questionsOf(schema: GraphQLSchema, ids: readonly string[]): readonly string[] {
  return Object.values(schema.getQueryType()?.getFields() ?? {}).map((field) => {
    const selection = selectionOf(field.type, 1, []);
    const needed = field.args.filter(({ type }) => isNonNullType(type) || /id$/i.test(getNamedType(type).name));
    const asked = needed.some(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined) ? ids : [null, ...ids];
    const takesId = needed.some(({ type }) => getNamedType(type).name === 'ID' || getNamedType(type).name === 'String');
    if (!takesId) return `{ ${field.name} ${selection} }`;
    return `{ ${asked.map((id, index) => `a${index}: ${field.name}${argumentsOf(field, id)} ${selection}`).join('\n')} }`;
  });
}

function argumentsOf(field: GraphQLField<unknown, unknown>, id: string | null): string {
  if (id === null) return '';
  const given = field.args.filter(({ type, defaultValue }) => /^(ID|String)$/.test(getNamedType(type).name) && (isNonNullType(type) && defaultValue === undefined || getNamedType(type).name === 'ID'));
  return given.length === 0 ? '' : `(${given.map(({ name, type }) => `${name}: ${literal(type, id)}`).join(', ')})`;
}

function literal(type: GraphQLInputType, id: string): string {
  const bare = isNonNullType(type) ? type.ofType : type;
  return isListType(bare) ? `[${JSON.stringify(id)}]` : JSON.stringify(id);
}

/** All fields that can be asked without an argument, until a type comes back or it gets too deep; empty for a scalar. */
export function selectionOf(type: GraphQLOutputType, depth: number, above: readonly string[]): string {
  const named = getNamedType(type);
  if (isUnionType(named)) return `{ __typename ${named.getTypes().map((member) => `... on ${member.name} ${selectionOf(member, depth, above)}`).join(' ')} }`;
  if (!isObjectType(named) && !isInterfaceType(named)) return '';
  const fields = Object.values(named.getFields()).filter(({ args, type: inner }) => {
    const target = getNamedType(inner);
    const leaf = !isObjectType(target) && !isInterfaceType(target) && !isUnionType(target);
    return args.every((one) => !isNonNullType(one.type) || one.defaultValue !== undefined) && (leaf || (depth < deepest && !above.includes(target.name)));
  });
  // Two members of a union may have a field of the same name and different types: an alias keeps them apart.
  const lines = fields.map((field) => `${named.name}_${field.name}: ${field.name}${fewer(field)} ${selectionOf(field.type, depth + 1, [...above, named.name])}`);
  return `{ __typename ${lines.join(' ')} }`;
}

/** Lists within lists within lists would cost more than a request may. */
function fewer({ args }: GraphQLField<unknown, unknown>): string {
  return args.some(({ name }) => name === 'first') ? '(first: 5)' : '';
}

