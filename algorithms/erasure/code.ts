/** Any k of n pieces give the bytes back; k = 1 means full replicas. */
export interface Code { readonly k: number; readonly n: number }

/** A code with its promises: an object is acknowledged at so many flushed receipts, and repaired below so many healthy pieces. */
export interface CodePlan extends Code { readonly acknowledgeAt: number; readonly repairAt: number; readonly urgentAt: number }

/** Objects up to this size are replicas, because a coded kibibyte would cost n files for k little ones. */
const replicatedBytes = 64 * 1024;

const replicas: CodePlan = { k: 1, n: 4, acknowledgeAt: 3, repairAt: 3, urgentAt: 2 };

/** Rows from the largest network down; the table is the storage design's. */
const plans: readonly { readonly nodes: number; readonly plan: CodePlan }[] = [
  { nodes: 20, plan: { k: 10, n: 16, acknowledgeAt: 15, repairAt: 13, urgentAt: 12 } },
  { nodes: 9, plan: { k: 6, n: 9, acknowledgeAt: 8, repairAt: 7, urgentAt: 7 } },
  { nodes: 6, plan: { k: 3, n: 6, acknowledgeAt: 5, repairAt: 5, urgentAt: 4 } },
];

/** The code for a segment on a network of so many enrolled nodes of which so many can take a piece now, or null when no code keeps
 *  its promise. Replicas are acknowledged at three of four: the same two permanent losses as five receipts of 3 of 6. Where the coded
 *  form cannot be acknowledged, replicas stand in: dearer, and as safe. */
export function codeFor(sizeBytes: number, enrolledNodes: number, reachableNodes: number): CodePlan | null {
  const coded = sizeBytes <= replicatedBytes ? undefined : plans.find(({ nodes }) => enrolledNodes >= nodes)?.plan;
  if (coded !== undefined && reachableNodes >= coded.acknowledgeAt) return coded;
  return enrolledNodes >= replicas.n && reachableNodes >= replicas.acknowledgeAt ? replicas : null;
}
