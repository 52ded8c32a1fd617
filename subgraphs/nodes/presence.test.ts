import { createPresence, type Presence } from './presence';

function watched(): { readonly presence: Presence; readonly said: string[]; pass(ms: number): Date } {
  let nowMs = Date.parse('2026-01-01T00:00:00.000Z');
  const said: string[] = [];
  const presence = createPresence({
    now: () => new Date(nowMs), offlineMs: 1000,
    markOnline: async (nodeId, endpoint) => { said.push(`${nodeId} online at ${String(endpoint)}`); },
    markOffline: async (nodeId, lastSeenAt) => { said.push(`${nodeId} offline since ${lastSeenAt.slice(20, 23)}`); },
  });
  return { presence, said, pass: (ms) => new Date(nowMs += ms) };
}

describe('presence', () => {
  it('declares gone once who is silent for a full period, and back once who speaks again', async () => {
    const { presence, said, pass } = watched();
    presence.know({ nodeId: 'a', online: true, endpoint: null });
    await presence.beat('a', null, pass(500));
    pass(999);
    await presence.sweep();
    expect(said).toEqual([]);
    pass(1);
    await presence.sweep();
    await presence.sweep();
    await presence.beat('a', null, pass(100));
    await presence.beat('a', null, pass(100));
    expect(said).toEqual(['a offline since 500', 'a online at null']);
  });

  it('tells of a new address at once', async () => {
    const { presence, said, pass } = watched();
    presence.know({ nodeId: 'a', online: true, endpoint: 'http://127.0.0.1:1' });
    await presence.beat('a', 'http://127.0.0.1:2', pass(10));
    expect(said).toEqual(['a online at http://127.0.0.1:2']);
  });

  it('believes neither an old heartbeat nor a clock that runs ahead', async () => {
    const { presence, said, pass } = watched();
    presence.know({ nodeId: 'a', online: false, endpoint: null });
    const start = pass(0);
    pass(2000);
    await presence.beat('a', null, start);
    expect(said).toEqual([]);
    await presence.beat('a', null, new Date(start.getTime() + 60_000));
    pass(1000);
    await presence.sweep();
    expect(said).toEqual(['a online at null', 'a offline since 000']);
  });
});
