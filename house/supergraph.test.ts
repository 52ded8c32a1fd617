// The committed supergraph as a tool sees it: GraphiQL, code generators and linters all begin with this one query.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Supergraph } from '@apollo/federation-internals';
import { buildClientSchema, getIntrospectionQuery, graphqlSync, type IntrospectionQuery } from 'graphql';

describe('the supergraph', () => {
  it('answers the introspection query of the tools', () => {
    const sdl = readFileSync(join(__dirname, '..', 'schema', 'supergraph.graphql'), 'utf8');
    const schema = Supergraph.build(sdl).apiSchema().toGraphQLJSSchema();
    const { data, errors } = graphqlSync({ schema, source: getIntrospectionQuery({ inputValueDeprecation: true }) });
    expect(errors).toBeUndefined();
    expect(buildClientSchema(data as unknown as IntrospectionQuery).getMutationType()?.name).toBe('Mutation');
  });
});
