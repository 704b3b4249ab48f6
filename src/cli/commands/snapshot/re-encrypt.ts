import { RunbackError } from '../../../lib/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { counted } from '../../views/text/format.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot re-encrypt` */
export const reEncryptVerb: CommandSpec = {
  verb: 're-encrypt',
  summary: 'Encrypt snapshots for the keys that runback.yml names now',
  details:
    'For a new key, and for snapshots that were taken before they were encrypted. Each is read and checked first, and its file replaced by one that holds the same. Needs a key that opens them now (backups.identity). Changes nothing on any platform. Stopped in the middle, each is as it was or done: run it again.',
  args: [{ ...SNAPSHOT, optional: true }],
  options: [{ flags: '--all', description: 'every snapshot of this workspace, the newest first' }],
  examples: ['runback snapshot re-encrypt --all'],
  run: reEncrypt,
};

async function reEncrypt({ input, session, live, call, interrupts }: CommandContext): Promise<Outcome> {
  const [one, all] = [input.argument('snapshot'), input.flag('all')];
  if ((one === undefined) !== all)
    throw new RunbackError('usage', 'Name one snapshot, or give --all', { state: 'Nothing was changed.', next: 'runback snapshot re-encrypt --all' });
  const opened = await session();
  await opened.authorise('snapshot');
  const catalog = await opened.catalog();
  const ids = one === undefined ? (await catalog.list()).map(({ id }) => id) : [one];
  const done: SnapshotSummary[] = [];
  for (const id of ids) {
    live.start(`Encrypting ${id} (${done.length + 1} of ${ids.length})`);
    done.push(await catalog.reEncrypt(id, opened.by, { ...call, signal: interrupts.signal }));
  }
  live.stop();
  return { data: { snapshots: done }, text: (style) => `${style.glyph.done} ${counted(done.length, 'snapshots')} encrypted` };
}
