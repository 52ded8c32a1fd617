// PROV-JSON (W3C member submission, 2013): the lineage as entities, activities, agents and their relations.
import type { Json } from '@oort/kernel-wire';
import type { LineageStep } from './lineage';

const agents = new Set(['account', 'node']);
const activities = new Set(['training-run', 'annotation']);
const term = (id: string): string => `oort:${id}`;

export function provJson(steps: readonly LineageStep[]): Json {
  const of = (holds: (kind: string) => boolean): { [id: string]: Json } =>
    Object.fromEntries(steps.filter(({ kind }) => holds(kind)).map(({ id, kind }) => [term(id), { 'prov:type': `oort:${kind}` }]));
  const influences = steps.flatMap(({ id, role, from }) =>
    (role === null || from === null ? [] : [{ 'prov:influencee': term(from), 'prov:influencer': term(id), 'oort:role': role }]));
  return {
    prefix: { oort: 'urn:oort:' },
    entity: of((kind) => !agents.has(kind) && !activities.has(kind)),
    activity: of((kind) => activities.has(kind)),
    agent: of((kind) => agents.has(kind)),
    wasInfluencedBy: Object.fromEntries(influences.map((relation, index) => [`_:i${index}`, relation])),
  };
}
