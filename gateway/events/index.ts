// The partners' feed: every public event once, in order, by pull or subscription, from any cursor.
export { followPublic, placeOf, readPublic, readRevealed, type PublicEvent } from './feed';
export { createEventsSubgraph, reveal, type EventsPorts } from './subgraph';
