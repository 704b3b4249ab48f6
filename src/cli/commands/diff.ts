import { EXIT } from '../../lib/index.js';
import type { ByHand } from '../../restores/index.js';
import type { NotCompared } from '../../snapshots/index.js';
import { compareSnapshots, endsOf, type RecordDifference, withLive } from '../flows/compare.js';
import type { CommandSpec, Outcome, CommandContext } from '../shell/command.js';
import { diffText } from '../views/restores/diff.js';

const FIRST = 10;

async function diff({ input, session, live, call, event }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const catalog = await opened.catalog();
  const platform = input.text('platform');
  const objects = input.someOf('object');
  const keys = input.someOf('key');
  const filter = platform === undefined ? {} : { platform };
  const first = await catalog.resolve(input.required('a'), filter);
  const a = await catalog.open(first.id);
  try {
    const examples: RecordDifference[] = [];
    const compare = async (b: typeof a): Promise<Outcome> => {
      live.start('Comparing');
      const byHand = new Map<string, ByHand>();
      const { counts, notCompared } = await compareSnapshots(
        { a, b, live: wanted === 'live', platform, objects, keys },
        {
          onRecord: (difference) => {
            event({ type: 'difference', ...difference });
            if (examples.length < FIRST) examples.push(difference);
            for (const [field, { byHand: how }] of Object.entries(difference.fields)) if (how !== undefined) count(byHand, difference, field, how);
          },
          onLink: (of, name, difference) => event({ type: 'link', platform: of, kind: name, ...difference }),
        },
        call,
      );
      const total = counts.reduce((sum, one) => sum + one.changed + one.removed + one.added, 0);
      // Links to object types that --object leaves out were not asked for.
      const isUnread = ({ kind, name }: NotCompared): boolean => objects === undefined || endsOf(kind, name).every((end) => objects.includes(end));
      const found = { counts, examples, notCompared, byHand: [...byHand.values()] };
      return {
        data: { a: a.header.id, b: wanted === 'live' ? 'live' : b.header.id, total, ...found },
        text: (style) => diffText(found, style),
        ...(total > 0 ? { exit: EXIT.differences } : notCompared.some(isUnread) ? { exit: EXIT.partial } : {}),
      };
    };
    const wanted = input.required('b');
    if (wanted === 'live') {
      const names = platform === undefined ? first.platforms.map((one) => one.name) : [platform];
      const held = objects ?? [...new Set(a.manifest.objects.filter((info) => names.includes(info.platform)).map((info) => info.object))];
      return await withLive(opened, names, held, call, compare);
    }
    const b = await catalog.open((await catalog.resolve(wanted, filter)).id);
    try {
      return await compare(b);
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

function count(found: Map<string, ByHand>, { object }: RecordDifference, field: string, how: string): void {
  const name = JSON.stringify([object, field]);
  found.set(name, { object, field, records: (found.get(name)?.records ?? 0) + 1, how });
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'What differs between two snapshots, or a snapshot and the platform now',
    details:
      'Exit 2 if something differs, 3 if nothing does but not everything could be compared. What only one side contains is not a difference: it is listed separately. With --json each difference is an event before the final object.',
    args: [
      { name: 'a', description: 'snapshot: id, its beginning, latest or latest-verified', kind: 'snapshot' },
      { name: 'b', description: 'another snapshot, or live', kind: 'snapshot' },
    ],
    options: [
      { flags: '--platform <name>', description: 'only this platform', kind: 'platform' },
      { flags: '--object <type>', description: 'only this object type', repeat: true },
      { flags: '--key <key>', description: 'only this record', repeat: true },
    ],
    examples: ['runback diff latest-verified live --object contacts'],
    run: diff,
  },
];
