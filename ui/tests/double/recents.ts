import type { ChatSummary, RecentVideo } from '../../src/backend';

/** Videos that were opened before, the bundled clip among them. */
export function someRecents(clip: string): RecentVideo[] {
  const day = 86_400;
  const now = Date.now() / 1000;
  const summary = (id: string, title: string): ChatSummary => ({
    id,
    title,
    n_turns: 2,
    changed_at_secs: now,
  });
  const one = (id: string, name: string, secs: number, days: number, chats: ChatSummary[]): RecentVideo => ({
    ...{ id, name, duration_secs: secs, opened_at_secs: now - days * day, is_there: id !== 'gone', chats },
  });
  return [
    one('clip', clip, 7, 0, [summary('a', 'What happens to the star?')]),
    one('v2', 'Kitchen, take 4.mov', 754, 1, [
      summary('b', 'What happens after the pan goes on the stove?'),
      summary('c', 'When does she laugh?'),
    ]),
    one('v3', 'VID_20260918_173355.mp4', 43, 6, []),
    one('gone', 'lecture-03-recording.mkv', 5412, 20, [summary('d', 'Which formula is on the board?')]),
    one('v5', 'drone over the harbour.mp4', 312, 41, []),
  ];
}
