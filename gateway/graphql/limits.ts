// What one request may ask for. Cost counts fields, each list times the `first` that it is given: after the variables
// are known, because a `first` that comes as a variable would escape a rule that only reads the document.
import {
  GraphQLError, Kind, getArgumentValues, getNamedType, getVariableValues, isCompositeType, isInterfaceType, isObjectType,
  type DocumentNode, type FragmentDefinitionNode, type GraphQLNamedType, type GraphQLSchema, type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

export interface Limits {
  readonly maxDepth: number;
  readonly maxCost: number;
}

export const usualLimits: Limits = { maxDepth: 16, maxCost: 200_000 };

interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly limits: Limits;
  /** Selections looked at so far: fragments may unfold into exponentially many. */
  seen: number;
}

const maxSelections = 20_000;

/** Null when the operation keeps within them. The document must be valid. */
export function beyondLimits(
  schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, given: Readonly<Record<string, unknown>>, limits: Limits,
): GraphQLError | null {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given);
  // Variables of the wrong type are the executor's to refuse, which does nothing then.
  if (coerced === undefined) return null;
  const fragments = new Map(document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])));
  const walk: Walk = { schema, fragments, variables: coerced, limits, seen: 0 };
  const root = schema.getRootType(operation.operation) ?? undefined;
  try {
    const cost = costOf(operation.selectionSet, root, 1, walk);
    return cost > limits.maxCost ? tooMuch('COST_LIMIT', `It would cost ${cost}, and ${limits.maxCost} is the limit.`) : null;
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function costOf(set: SelectionSetNode, parent: GraphQLNamedType | undefined, depth: number, walk: Walk): number {
  if (depth > walk.limits.maxDepth) throw tooMuch('DEPTH_LIMIT', `It is nested deeper than ${walk.limits.maxDepth}.`);
  let cost = 0;
  for (const selection of set.selections) {
    walk.seen += 1;
    if (walk.seen > maxSelections) throw tooMuch('COST_LIMIT', `It selects more than ${maxSelections} fields.`);
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const name = selection.typeCondition?.name.value;
      cost += costOf(selection.selectionSet, name === undefined ? parent : walk.schema.getType(name), depth, walk);
    } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = walk.fragments.get(selection.name.value);
      if (fragment !== undefined) cost += costOf(fragment.selectionSet, walk.schema.getType(fragment.typeCondition.name.value), depth, walk);
    } else {
      const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[selection.name.value] : undefined;
      const type = field === undefined ? undefined : getNamedType(field.type);
      const { first } = field === undefined ? {} : getArgumentValues(field, selection, walk.variables);
      const times = typeof first === 'number' ? Math.max(first, 1) : 1;
      const inner = selection.selectionSet === undefined || !isCompositeType(type) ? 0 : costOf(selection.selectionSet, type, depth + 1, walk);
      cost += 1 + times * inner;
    }
  }
  return cost;
}

function tooMuch(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
