// What a person agrees to, word for word, and the message that their wallet signs for it. A text is never changed: a new one gets a new version.
import { verifyMessage } from 'ethers';
import { sha256Hex } from '@oort/kernel-wire';
import type { Mission } from './state';

const texts: Readonly<Record<string, string>> = {
  '1.0': [
    'I made these contributions or may give them away, and they show nobody who has not agreed to it.',
    "I let them be stored, labelled by other people, published in versions of the mission's dataset under its licence, and used to train models.",
    'My account id stays with each contribution and each label as its origin. I may withdraw a contribution: later versions leave it out,',
    'versions that exist already stay as they are. I am paid what the mission promises for what is accepted.',
  ].join('\n'),
};

/** Own versions only: `constructor` is a name that every object knows. */
export const consentText = (version: string): string | null =>
  (Object.hasOwn(texts, version) ? (texts[version] ?? null) : null);

export function consentTextHash(version: string): string | null {
  const text = consentText(version);
  return text === null ? null : sha256Hex(text);
}

export function consentMessage(mission: Mission, address: string): string {
  return [
    'OORT DataHub: consent',
    '',
    consentText(mission.consentVersion) ?? '',
    '',
    `Mission: ${mission.missionId}`,
    `Licence: ${mission.licence}`,
    `Consent version: ${mission.consentVersion}`,
    `Consent text SHA-256: ${mission.consentTextHash}`,
    `Wallet: ${address}`,
  ].join('\n');
}

export function signedBy(message: string, signature: string, address: string): boolean {
  try {
    return verifyMessage(message, signature) === address;
  } catch {
    return false;
  }
}
