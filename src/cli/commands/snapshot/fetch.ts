import { fetchSnapshot } from '../../../snapshots/index.js';
import { copyOf } from '../../flows/backups/copies.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { fetchedText } from '../../views/copies.js';

/** `runback snapshot fetch` */
export const fetchVerb: CommandSpec = {
  verb: 'fetch',
  summary: 'Bring a snapshot back from a copy, with what it builds on',
  details:
    'Each is read whole and checked before it appears; one that is here is left as it is. The snapshot is pinned. Where nothing is noted of it here (a new machine), it counts as unverified until a person adopts it. Changes nothing on any platform.',
  args: [{ name: 'snapshot', description: 'id of a snapshot in the copy, beginning of an id, latest or latest-verified' }],
  options: [{ flags: '--from <copy>', description: 'name of a copy in runback.yml', required: true }],
  examples: ['runback snapshot list --copy offsite', 'runback snapshot fetch snap-20261117-020000-4f2a --from offsite'],
  run: fetch,
};

async function fetch({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const name = input.required('from');
  const from = await copyOf(opened, name);
  await opened.authorise('snapshot');
  live.start(`Fetching from ${name}`);
  const fetched = await fetchSnapshot(
    {
      reference: input.required('snapshot'),
      from,
      to: await opened.snapshotsHere(),
      clock: opened.clock,
      by: opened.by,
      reason: `fetched from ${name}`,
    },
    call,
  );
  return { data: { from: name, ...fetched }, text: (style) => fetchedText(fetched, name, style) };
}
