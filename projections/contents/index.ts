// Who may fetch which content? Its id is public in many events, and is no right to the bytes.
export { contentsProjection } from './projection';
export { mayFetch } from './questions';
