// The people of the data hub step. The wallets are real, the people behind them simulated: each answers right but for an error
// rate of its own, and one answers at random.
import type { LoopContext, Image, Session } from './step';
import { ask, refusable } from './ask';
import { missionState } from './mission-state';

export interface Person {
  readonly session: Session;
  readonly errorRate: number;
  readonly spammer: boolean;
}
interface Batch {
  readonly items?: readonly {
    readonly contribution: { readonly id: string } | null;
    readonly refusal: { readonly code: string } | null;
  }[];
}
export const people = 12;
const batchSize = 50;

/** Error rates of 2 to 12 %; the last of them answers at random. */
export async function gather(context: LoopContext, missionId: string): Promise<readonly Person[]> {
  const sessions = await Promise.all(
    Array.from({ length: people }, (_, index) => context.person(`simulated person ${index + 1}`)),
  );
  await Promise.all(
    sessions.map(async (session) => {
      const { message } = await ask<{ readonly message: string }>(
        context,
        'query ConsentRequest($input: ID!) { answer: consentRequest(missionId: $input) { ... on ConsentRequest { message } ... on Refusal { code message } } }',
        missionId,
        session,
      );
      await ask(
        context,
        'mutation GiveConsent($input: GiveConsentInput!) { answer: giveConsent(input: $input) { ... on Consent { id } ... on Refusal { code message } } }',
        { missionId, signature: await session.wallet.signMessage(message) },
        session,
      );
    }),
  );
  context.progress(
    `${people} wallets signed in and consented; the people behind them are simulated, one of them a spammer`,
  );
  return sessions.map((session, index) => ({
    session,
    errorRate: 0.02 + (0.1 * index) / (people - 2),
    spammer: index === people - 1,
  }));
}

const contributeItems = `mutation ContributeItems($input: ContributeItemsInput!) { answer: contributeItems(input: $input) {
  ... on ContributionBatch { items { contribution { id } refusal { code } } } ... on Refusal { code message } } }`;

/** Contribution -> label. */
export async function contribute(
  context: LoopContext,
  missionId: string,
  crowd: readonly Person[],
): Promise<ReadonlyMap<string, string>> {
  const truth = new Map<string, string>();
  const shares = crowd.map((_, index) =>
    context.images.train.filter((__, at) => at % crowd.length === index),
  );
  await Promise.all(
    crowd.map(async ({ session }, index) => {
      for (const part of parts(shares[index] ?? [], batchSize)) {
        const { items = [] } = await ask<Batch>(
          context,
          contributeItems,
          { missionId, items: part.map(sentImage) },
          session,
        );
        items.forEach(({ contribution }, at) => {
          if (contribution !== null) truth.set(contribution.id, part[at]?.label ?? '');
        });
      }
    }),
  );
  context.made('contributions', truth.size);
  const [first, second] = crowd;
  const image = shares[0]?.[0];
  if (first === undefined || second === undefined || image === undefined) return truth;
  const wrong = await ask<Batch>(
    context,
    contributeItems,
    {
      missionId,
      items: [
        sentImage(image),
        { base64: image.png.subarray(0, 60).toString('base64'), mediaType: 'image/png' },
        { ...sentImage(image), mediaType: 'image/jpeg' },
      ],
    },
    second.session,
  );
  const codes = (wrong.items ?? []).map(({ refusal }) => refusal?.code ?? 'accepted').join(', ');
  context.check(
    'a duplicate, a broken file and a wrong type are refused by name',
    codes === 'DUPLICATE, UNREADABLE_IMAGE, WRONG_TYPE',
    codes,
  );
  return truth;
}

const sentImage = ({ png }: Image): { readonly base64: string; readonly mediaType: string } => ({
  base64: png.toString('base64'),
  mediaType: 'image/png',
});

const nextTasks =
  'mutation NextTasks($input: NextTasksInput!) { answer: nextTasks(input: $input) { ... on TaskBatch { tasks { id contentId } } ... on Refusal { code message } } }';
const submitLabels =
  'mutation SubmitLabels($input: SubmitLabelsInput!) { answer: submitLabels(input: $input) { ... on LabelBatch { acceptedCount } ... on Refusal { code message } } }';

export async function label(
  context: LoopContext,
  missionId: string,
  crowd: readonly Person[],
  truth: ReadonlyMap<string, string>,
): Promise<void> {
  await context.eventually(
    'enough judgements of every item',
    async () => {
      await Promise.all(crowd.map((person) => labelWhatThereIs(context, missionId, person, truth)));
      const { labelling } = await missionState(context, missionId);
      context.progress(`${labelling.judgementCount} judgements, ${labelling.openCount} items open`);
      return labelling.openCount === 0;
    },
    120_000,
  );
}

async function labelWhatThereIs(
  context: LoopContext,
  missionId: string,
  person: Person,
  truth: ReadonlyMap<string, string>,
): Promise<void> {
  const { labels } = context.images;
  const anything = (): string => labels[Math.floor(Math.random() * labels.length)] ?? '';
  for (;;) {
    // Small enough that everybody gets a share of the work.
    const first = Math.min(batchSize, Math.ceil(context.images.train.length / people / 2));
    const { tasks = [] } = await refusable<{
      readonly tasks?: readonly { readonly id: string; readonly contentId: string }[];
    }>(context, nextTasks, { missionId, first }, person.session);
    if (tasks.length === 0) return;
    const sent = tasks.map(({ id, contentId }) => {
      const mistaken = person.spammer || Math.random() < person.errorRate;
      return { taskId: id, label: mistaken ? anything() : (truth.get(contentId) ?? '') };
    });
    await refusable(context, submitLabels, { missionId, labels: sent }, person.session);
  }
}

function parts<T>(values: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
