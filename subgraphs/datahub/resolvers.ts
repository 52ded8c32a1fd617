import { Interface, id as keccakOfText } from 'ethers';
import {
  annotatorsOf,
  contributionById,
  contributionCounts,
  contributionsPage,
  earningsOf,
  missionById,
  missionsPage,
  versionById,
  versionsOf,
  versionsPage,
  type VersionRow,
} from '@oort/projections-datasets';
import { contractAbis, type RequestContext } from '@oort/schema';
import { consentMessage, consentText } from './consent';
import { progressOf } from './labelling';
import { jsonLines, readManifest } from './manifest';
import { mutations } from './mutations';
import {
  connection,
  presentContribution,
  presentMission,
  presentRefusal,
  presentVersion,
  sliceOf,
  type Page,
} from './present';
import { missionUnknown, notSignedIn } from './refusals';
import type { DatahubRoom } from './room';
import { budgetWei } from './state';

interface ById {
  readonly id: string;
}
interface OfMission {
  readonly missionId: string;
}

export function datahubResolvers(room: DatahubRoom): Readonly<Record<string, unknown>> {
  const typeOf = { __resolveType: (value: { readonly __typename: string }) => value.__typename };
  return {
    Query: queries(room),
    Mutation: mutations(room),
    ...entities(room),
    MissionResult: typeOf,
    FundingCallResult: typeOf,
    ConsentRequestResult: typeOf,
    ConsentResult: typeOf,
    ContributionBatchResult: typeOf,
    ContributionResult: typeOf,
    GoldItemsResult: typeOf,
    TaskBatchResult: typeOf,
    LabelBatchResult: typeOf,
    ReviewResult: typeOf,
    DatasetVersionResult: typeOf,
  };
}

function queries(room: DatahubRoom): object {
  const { database } = room.ports.readModels;
  const one =
    <T>(find: (id: string) => Promise<T | null>, present: (row: T) => object) =>
    async (_: unknown, { id }: ById): Promise<object | null> =>
      shown(await find(id), present);
  return {
    mission: one((id) => missionById(database, id), presentMission),
    contribution: one((id) => contributionById(database, id), presentContribution),
    datasetVersion: one((id) => versionById(database, id), presentVersion),
    missions: async (_: unknown, page: Page) => {
      const [rows, total] = await missionsPage(database, sliceOf(page));
      return connection(rows.map(presentMission), total, sliceOf(page));
    },
    datasetVersions: async (_: unknown, page: Page) => {
      const [rows, total] = await versionsPage(database, sliceOf(page));
      return connection(rows.map(presentVersion), total, sliceOf(page));
    },
    annotators: (_: unknown, { missionId }: OfMission) => annotatorsOf(database, missionId),
    earnings: (_: unknown, { missionId }: OfMission) => earningsOf(database, missionId),
    prepareFunding: async (_: unknown, { missionId }: OfMission) => prepareFunding(room, missionId),
    consentRequest: (_: unknown, { missionId }: OfMission, { actor }: RequestContext) => {
      const mission = room.bench.missions.get(missionId)?.mission;
      if (actor.kind !== 'account') return presentRefusal(notSignedIn);
      if (mission === undefined) return presentRefusal(missionUnknown);
      const { consentVersion } = mission;
      return {
        __typename: 'ConsentRequest',
        missionId,
        consentVersion,
        text: consentText(consentVersion) ?? '',
        message: consentMessage(mission, actor.address),
      };
    },
  };
}

/** What is still missing from the budget; nothing is sent from here. */
async function prepareFunding(room: DatahubRoom, missionId: string): Promise<object> {
  const bench = room.bench.missions.get(missionId);
  if (bench === undefined) return presentRefusal(missionUnknown);
  const contracts = (await room.ports.ledger.request('olympus_contracts')) as {
    readonly [name: string]: string;
  };
  const data = new Interface(contractAbis.Escrow).encodeFunctionData('fund', [
    keccakOfText(missionId),
  ]);
  const missing = budgetWei(bench.mission) - bench.fundedWei;
  return {
    __typename: 'FundingCall',
    missionId,
    to: contracts['Escrow'],
    data,
    valueWei: (missing > 0n ? missing : 0n).toString(),
  };
}

function entities(room: DatahubRoom): object {
  const { database } = room.ports.readModels;
  return {
    Mission: {
      __resolveReference: async ({ id }: ById) =>
        shown(await missionById(database, id), presentMission),
      contributionCount: async ({ id }: ById) => (await contributionCounts(database, id)).all,
      acceptedCount: async ({ id }: ById) => (await contributionCounts(database, id)).accepted,
      pendingCount: async ({ id }: ById) => (await contributionCounts(database, id)).pending,
      labelling: ({ id }: ById) => {
        const bench = room.bench.missions.get(id);
        return bench === undefined
          ? { judgementCount: 0, settledCount: 0, openCount: 0 }
          : progressOf(bench);
      },
      contributions: async ({ id }: ById, page: Page) => {
        const [rows, total] = await contributionsPage(database, id, sliceOf(page));
        return connection(rows.map(presentContribution), total, sliceOf(page));
      },
      versions: async ({ id }: ById) => (await versionsOf(database, id)).map(presentVersion),
    },
    Contribution: {
      __resolveReference: async ({ id }: ById) =>
        shown(await contributionById(database, id), presentContribution),
    },
    DatasetVersion: {
      __resolveReference: async ({ id }: ById) =>
        shown(await versionById(database, id), presentVersion),
      manifest: async ({ manifestContentId }: VersionRow) =>
        (await room.ports.content.get(manifestContentId)).toString(),
      jsonLines: async ({ manifestContentId }: VersionRow) =>
        jsonLines(await readManifest(room.ports.content, manifestContentId)),
    },
    Task: {
      imageBase64: async ({ contentId }: { readonly contentId: string }) =>
        (await room.ports.content.get(contentId)).toString('base64'),
    },
  };
}

function shown<T>(row: T | null, present: (row: T) => object): object | null {
  return row === null ? null : present(row);
}
