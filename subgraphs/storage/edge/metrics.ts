import type { EdgeCaches } from './edge-caches';

/** For Prometheus; nothing where reads go through no cache. */
export function edgeMetrics(edge: EdgeCaches | null): string {
  if (edge === null) return '';
  const { hits, misses, fills, refuted, purges, bytes } = edge.counts();
  const shown = { hits, misses, fills, refuted, purges, hit_bytes: bytes };
  return Object.entries(shown).map(([name, count]) => `# TYPE oort_edge_${name}_total counter\noort_edge_${name}_total ${count}\n`).join('');
}
