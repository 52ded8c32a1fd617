// One figure a line. `ratio` says how many times better we are than the peer; `aim` is what this project asks of itself.
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly ratio: number | null;
  readonly aim: number | null;
  readonly aimKind: 'ratio' | 'absolute';
  readonly holds: boolean | null;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly ours: number;
  readonly peer?: { readonly name: string; readonly value: number } | null;
  readonly aim?: { readonly kind: 'ratio' | 'absolute'; readonly value: number };
}

/** `holds` is null where there is no aim, or an aim against a peer that could not be run. */
export function figure({ name, unit, better, ours, peer = null, aim }: Measured): Figure {
  const ratio = peer === null ? null : (better === 'higher' ? ours / peer.value : peer.value / ours);
  const measured = aim?.kind === 'absolute' ? (better === 'higher' ? ours : -ours) : ratio;
  const wanted = aim === undefined ? null : (aim.kind === 'absolute' && better === 'lower' ? -aim.value : aim.value);
  return {
    name, unit, better, ours, peer: peer?.value ?? null, peerName: peer?.name ?? null, ratio, aim: aim?.value ?? null,
    aimKind: aim?.kind ?? 'ratio', holds: measured === null || wanted === null ? null : measured >= wanted,
  };
}

export function lineOf({ name, unit, ours, peer, peerName, ratio, aim, aimKind, holds }: Figure): string {
  const beside = peer === null ? 'no peer' : `${short(peer)} ${peerName ?? ''}, ratio ${short(ratio ?? 0)}`;
  const wanted = aim === null ? '' : `, aim ${short(aim)}${aimKind === 'absolute' ? ` ${unit}` : ''}${holds === null ? '' : holds ? ' holds' : ' MISSED'}`;
  return `${name}: ${short(ours)} ${unit} (${beside}${wanted})`;
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
