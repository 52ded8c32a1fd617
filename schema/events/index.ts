// Every event of the platform and who may read it.
import type { PersonalData, SealedUntil, Upcasters, VisibleOptions } from '@oort/kernel-eventstore';
import { accountsPersonal, accountsVisibility, type AccountsEvent } from './accounts';
import { auditVisibility, type AuditEvent } from './audit';
import { computeVisibility, type ComputeEvent } from './compute';
import { datahubReveals, datahubVisibility, type DatahubEvent } from './datahub';
import { ledgerVisibility, type LedgerEvent } from './ledger';
import { modelsPersonal, modelsVisibility, type ModelsEvent } from './models';
import { nodesVisibility, type NodesEvent } from './nodes';
import { stakingVisibility, type StakingEvent } from './staking';
import { storageVisibility, type StorageEvent } from './storage';
import type { Visibility } from './visibility';

export type PlatformEvent =
  | AccountsEvent | AuditEvent | ComputeEvent | DatahubEvent | LedgerEvent | ModelsEvent | NodesEvent | StakingEvent | StorageEvent;

export const visibilities: Readonly<Record<string, Visibility>> = {
  ...accountsVisibility, ...auditVisibility, ...computeVisibility, ...datahubVisibility, ...ledgerVisibility,
  ...modelsVisibility, ...nodesVisibility, ...stakingVisibility, ...storageVisibility,
};

/** An event type that nobody declared is treated as sealed. */
export function visibilityOf(type: string): Visibility {
  return Object.hasOwn(visibilities, type) ? visibilities[type] ?? 'sealed' : 'sealed';
}

export const personalData: PersonalData = { ...accountsPersonal, ...modelsPersonal };

export const sealedUntil: SealedUntil = { ...datahubReveals };

/** What a store must know to keep events from those who may not read them: every holder of keys opens its store with it. */
export const eventPrivacy: Pick<Required<VisibleOptions>, 'visibilityOf' | 'personal' | 'sealedUntil'> = { visibilityOf, personal: personalData, sealedUntil };

/** Event type -> one upcaster a step from version 1 on. Until now every event is of version 1. Every store of the platform is opened
 *  with them, so nobody above it meets an old version. */
export const upcasters: Upcasters = {};
