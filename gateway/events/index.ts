// The partners' feed: every public event once, in order, by pull or subscription, from any cursor.
export { followPublic, placeOf, readPublic, type PublicEvent } from './feed';
export { createEventsSubgraph, type EventsPorts } from './subgraph';
