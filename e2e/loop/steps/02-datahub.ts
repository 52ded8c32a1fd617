// Twelve wallets contribute real images and label them. The people behind the wallets are simulated: each answers right but for an
// error rate of its own, and one answers at random. What they do goes through the same doors as anybody's work.
import { Contract, Interface, id as keccakOfText } from 'ethers';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { contractAbis } from '@oort/schema';
import { ask } from '../ask';
import { contribute, gather, label, people, type Person } from '../crowd';
import { answersToTell } from '../images';
import { missionState } from '../mission-state';
import type { LoopContext, Step } from '../step';

interface Contribution {
  readonly id: string;
  readonly contentId: string;
  readonly status: string;
  readonly preprocessedOn: string | null;
  readonly rejectedBecause: string | null;
}
interface Version {
  readonly id: string;
  readonly datasetId: string;
  readonly root: string;
  readonly manifestContentId: string;
  readonly itemCount: number;
  readonly agreementBefore: number;
  readonly agreementAfter: number;
  readonly manifest: string;
}
interface Manifest {
  readonly root: string;
  readonly items: readonly {
    readonly contributionId: string;
    readonly label: string;
    readonly contributor: string;
  }[];
}

const goldShare = 0.1;
const contributionsAtOnce = 1000;

export const step: Step = {
  number: 2,
  title: 'DataHub: contributed, labelled, spam found, a version sealed',
  run,
};

async function run(context: LoopContext): Promise<void> {
  const missionId = await openAndFund(context);
  const crowd = await gather(context, missionId);
  const truth = await contribute(context, missionId, crowd);
  const accepted = await preprocessed(context, missionId, truth.size);
  await addGold(context, missionId, accepted, truth);
  await label(
    context,
    missionId,
    crowd,
    new Map(accepted.map(({ id, contentId }) => [contentId, truth.get(id) ?? ''])),
  );
  const version = await seal(context, missionId);
  await checkSpammer(context, missionId, crowd);
  checkLabels(context, version, truth);
  await checkChain(context, version);
  const spammer = crowd.find((person) => person.spammer)?.session;
  Object.assign(context.artifacts, {
    missionId,
    datasetId: version.datasetId,
    datasetVersionId: version.id,
    datasetRoot: version.root,
    manifestContentId: version.manifestContentId,
    contributors: crowd.filter((person) => !person.spammer).map(({ session }) => session),
    ...(spammer === undefined ? {} : { spammer }),
  });
}

/** A spammer shows after so many answers, so few images are judged by more people. */
function overlapFor(images: number, labels: number): { readonly overlap: number; readonly maximumOverlap: number } {
  const overlap = Math.max(3, Math.min(people - 1, Math.ceil((people * answersToTell(labels)) / images)));
  // The mission's budget is for the maximum: gold items, which everybody answers, are paid out of what is left of it.
  return { overlap, maximumOverlap: overlap + 4 };
}

async function openAndFund(context: LoopContext): Promise<string> {
  const opened = await ask<{ readonly id: string; readonly budgetWei: string }>(
    context,
    'mutation OpenMission($input: OpenMissionInput!) { answer: openMission(input: $input) { ... on Mission { id budgetWei } ... on Refusal { code message } } }',
    {
      title: 'Handwritten digits',
      labels: context.images.labels,
      quota: context.images.train.length,
      licence: 'CC-BY-4.0',
      pricePerItemWei: '20000000000000000',
      pricePerJudgementWei: '2000000000000000',
      quality: { goldShare, duplicateDistance: null, ...overlapFor(context.images.train.length, context.images.labels.length) },
    },
    context.customer,
  );
  context.made('mission', opened.id);
  const call = await ask<{ readonly to: string; readonly data: string; readonly valueWei: string }>(
    context,
    'query PrepareFunding($input: ID!) { answer: prepareFunding(missionId: $input) { ... on FundingCall { to data valueWei } ... on Refusal { code message } } }',
    opened.id,
    context.customer,
  );
  const sent = await context.customer.wallet.sendTransaction({
    to: call.to,
    data: call.data,
    value: BigInt(call.valueWei),
  });
  await sent.wait();
  context.made('escrow funded by transaction', sent.hash);
  await context.eventually(
    'the mission open after its funding',
    async () => (await missionState(context, opened.id)).status === 'OPEN',
    30_000,
  );
  return opened.id;
}

/** Waits for the edge agents. */
async function preprocessed(
  context: LoopContext,
  missionId: string,
  expected: number,
): Promise<readonly Contribution[]> {
  let told = 0;
  await context.eventually(
    'all contributions pre-processed by edge agents',
    async () => {
      const { acceptedCount, pendingCount } = await missionState(context, missionId);
      if (acceptedCount >= told + 100)
        context.progress(`${(told = acceptedCount)} of ${expected} images pre-processed`);
      return pendingCount === 0;
    },
    120_000,
  );
  const { contributions } = await ask<{
    readonly contributions: { readonly edges: readonly { readonly node: Contribution }[] };
  }>(
    context,
    `query Contributions($input: ID!) { answer: mission(id: $input) { contributions(first: ${contributionsAtOnce}) { edges { node { id contentId status preprocessedOn rejectedBecause } } } } }`,
    missionId,
  );
  const all = contributions.edges.map(({ node }) => node);
  const accepted = all.filter(({ status }) => status === 'ACCEPTED');
  for (const { id, rejectedBecause } of all)
    if (rejectedBecause !== null) context.progress(`${id} was rejected: ${rejectedBecause}`);
  const edges = new Set(
    [...context.agents.values()].filter(({ kind }) => kind === 'edge').map(({ nodeId }) => nodeId),
  );
  context.check(
    'every contribution was pre-processed on an edge agent',
    accepted.length > 0 &&
      all.length === expected &&
      all.every(({ preprocessedOn }) => edges.has(preprocessedOn ?? '')),
    `${accepted.length} of ${expected} accepted`,
  );
  return accepted;
}

/** The customer knows some answers; which ones, nobody else is told. */
async function addGold(
  context: LoopContext,
  missionId: string,
  accepted: readonly Contribution[],
  truth: ReadonlyMap<string, string>,
): Promise<void> {
  // Ids are hashes, so their order has nothing to do with who sent what.
  const items = [...accepted]
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .slice(0, Math.ceil(accepted.length * goldShare))
    .map(({ id }) => ({ contributionId: id, answer: truth.get(id) ?? '' }));
  const { added } = await ask<{ readonly added: number }>(
    context,
    'mutation AddGold($input: AddGoldItemsInput!) { answer: addGoldItems(input: $input) { ... on GoldItems { added } ... on Refusal { code message } } }',
    { missionId, items },
    context.customer,
  );
  context.made('gold items, sealed', added);
}

async function seal(context: LoopContext, missionId: string): Promise<Version> {
  const version = await ask<Version>(
    context,
    `mutation SealVersion($input: SealVersionInput!) { answer: sealVersion(input: $input) {
    ... on DatasetVersion { id datasetId root manifestContentId itemCount agreementBefore agreementAfter manifest } ... on Refusal { code message } } }`,
    { missionId },
    context.customer,
  );
  context.made('dataset version', version.id);
  context.made('Merkle root', version.root);
  context.made('items', version.itemCount);
  context.made(
    "Krippendorff's alpha, all and without the spammer",
    `${version.agreementBefore.toFixed(3)} ${version.agreementAfter.toFixed(3)}`,
  );
  context.check(
    'agreement is higher without the spammer',
    version.agreementAfter > version.agreementBefore,
  );
  return version;
}

async function checkSpammer(
  context: LoopContext,
  missionId: string,
  crowd: readonly Person[],
): Promise<void> {
  const { annotators, earnings } = await context.graphql<{
    readonly annotators: readonly {
      readonly accountId: string;
      readonly flagged: boolean;
      readonly reason: string | null;
    }[];
    readonly earnings: readonly {
      readonly accountId: string;
      readonly kind: string;
      readonly amountWei: string;
    }[];
  }>(
    'query Annotators($id: ID!) { annotators(missionId: $id) { accountId flagged reason } earnings(missionId: $id) { accountId kind amountWei } }',
    { id: missionId },
  );
  const spammer = crowd.find((person) => person.spammer)?.session.accountId;
  const flagged = annotators.filter((annotator) => annotator.flagged);
  context.check(
    'the spammer is found, and nobody else',
    flagged.length === 1 && flagged[0]?.accountId === spammer,
    flagged.map(({ accountId, reason }) => `${accountId} ${reason ?? ''}`).join('; '),
  );
  const paid = new Set(
    earnings
      .filter(({ kind, amountWei }) => kind === 'label' && BigInt(amountWei) > 0n)
      .map(({ accountId }) => accountId),
  );
  const everyoneElse = crowd.every(
    (person) => person.spammer || paid.has(person.session.accountId),
  );
  context.check(
    'the spammer earns nothing for labels, everybody else does',
    spammer !== undefined && !paid.has(spammer) && everyoneElse,
    `${paid.size} paid`,
  );
  context.made(
    'earned by the crowd, wei',
    earnings.reduce((sum, { amountWei }) => sum + BigInt(amountWei), 0n),
  );
}

function checkLabels(
  context: LoopContext,
  { manifest: text, root, itemCount }: Version,
  truth: ReadonlyMap<string, string>,
): void {
  const manifest = JSON.parse(text) as Manifest;
  const right = manifest.items.filter(
    ({ contributionId, label: said }) => truth.get(contributionId) === said,
  ).length;
  context.check(
    'at least 97 % of the labels are right',
    right >= 0.97 * itemCount,
    `${right} of ${itemCount}`,
  );
  const computed = merkleRoot(
    manifest.items.map((item) => leafHash(Buffer.from(canonicalJson(item as unknown as Json)))),
  ).toString('hex');
  context.check(
    "the manifest's items hash to the root",
    computed === root && manifest.root === root,
  );
}

/** Read from the chain itself: the contract's log, not the platform's word. */
async function checkChain(context: LoopContext, { id, root }: Version): Promise<void> {
  const contracts = (await context.chain.send('olympus_contracts', [])) as {
    readonly [name: string]: string;
  };
  const anchors = new Contract(
    contracts['Anchors'] ?? '',
    new Interface(contractAbis.Anchors),
    context.chain,
  );
  const found = await context.eventually(
    "the version's root on chain",
    async () => {
      const [log] = await anchors.queryFilter(
        anchors.filters['ContentRecorded']?.(keccakOfText(id), `0x${root}`) ?? '',
        0,
        'latest',
      );
      return log ?? null;
    },
    60_000,
  );
  context.made('root recorded by transaction', found.transactionHash);
  const shown = await context.eventually(
    'the transaction in the graph',
    async () =>
      (
        await ask<{ readonly txHash: string | null }>(
          context,
          'query VersionTx($input: ID!) { answer: datasetVersion(id: $input) { txHash } }',
          id,
        )
      ).txHash,
    30_000,
  );
  context.check(
    'the graph names the transaction that the chain holds',
    shown === found.transactionHash,
  );
}
