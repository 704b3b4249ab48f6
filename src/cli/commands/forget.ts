import { forget as forgetRecords, type ForgetReport, whereIs } from '../../backups/index.js';
import { EXIT, RunbackError } from '../../lib/index.js';
import { otherKeys } from '../../restores/index.js';
import type { RecordName } from '../../snapshots/index.js';
import { confirmDestructive } from '../session/confirm.js';
import { logFiles } from '../session/log-files.js';
import type { Session } from '../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../shell/command.js';
import { forgetText, foundText } from '../views/forget.js';
import { counted } from '../views/text/format.js';

async function forget(context: CommandContext): Promise<Outcome> {
  const { input, session, live, call, interrupts } = context;
  const opened = await session();
  const options = { ...call, signal: interrupts.signal };
  const catalog = await opened.catalog();
  const { forgetInReconciliation, RECONCILIATIONS } = await import('../../checks/index.js');
  const ledgers = [{ kind: RECONCILIATIONS, forget: forgetInReconciliation(opened.store) }];
  const deps = {
    ledgers,
    store: opened.store,
    clock: opened.clock,
    by: opened.by,
    catalog,
    copies: await opened.copies(),
    logs: logFiles(opened.logDir),
  };
  live.start('Looking for the records');
  const records = await recordsIn(context, opened);
  live.start('Looking where they are kept');
  const there = await whereIs(records, deps, options);
  live.stop();
  const keys = records.map(({ key }) => key);
  const exit = (report: ForgetReport): Pick<Outcome, 'exit'> => (report.left.length === 0 ? {} : { exit: EXIT.partial });
  if (input.flag('dry-run'))
    return {
      data: { dryRun: true, keys, ...there },
      text: (style) => `${foundText(records, there, style)}\n\n  Nothing was changed.`,
      ...exit(there),
    };
  await opened.authorise('snapshot');
  const flags = keys.map((key) => `--key ${key}`).join(' ');
  const [first] = records;
  await confirmDestructive(
    context,
    `forget:${records.length}`,
    {
      untouched: 'Nothing was changed.',
      command: `runback forget --platform ${first?.platform} --object ${first?.object} ${flags}`,
      what: 'the word forget and the number of records',
    },
    (style) => {
      live.print(
        `${foundText(records, there, style)}\n\n  This removes them from all of that permanently. It cannot be undone, and nothing on any platform changes.`,
      );
    },
  );
  live.start(`Forgetting ${counted(records.length, 'records')}`);
  const report = await forgetRecords(records, input.text('reason'), deps, options);
  live.stop();
  return {
    data: { dryRun: false, keys, ...report },
    text: (style) =>
      forgetText(
        report,
        {
          isLocked: [opened.workspace.bucket, ...(opened.workspace.copies ?? []).map(({ bucket }) => bucket)].some(
            (one) => one?.lockForMs !== undefined,
          ),
        },
        style,
      ),
    ...exit(report),
  };
}

/** The records that are named, and those that hold a value. Throws `usage`, `not-found`. */
async function recordsIn({ input, interrupts }: CommandContext, opened: Session): Promise<readonly RecordName[]> {
  const names = opened.workspace.config.platforms;
  const only = Object.keys(names).length === 1 ? Object.keys(names)[0] : undefined;
  const platform = input.text('platform') ?? only;
  const state = 'Nothing was changed.';
  if (platform === undefined)
    throw new RunbackError('usage', 'Say on which platform the record is', { state, next: `Add --platform ${Object.keys(names).join(' | ')}` });
  const object = input.text('object') ?? '';
  const keys = new Set(input.list('key'));
  for (const find of input.list('find')) {
    const at = find.indexOf('=');
    if (at < 1)
      throw new RunbackError('usage', `--find ${JSON.stringify(find)} is not a field and a value`, {
        state,
        next: 'Write it as --find email=name@example.com',
      });
    const { findKeys } = await import('../../snapshots/index.js');
    const wanted = { platform, object, field: find.slice(0, at), value: find.slice(at + 1) };
    const found = await findKeys(await opened.catalog(), wanted, { signal: interrupts.signal });
    if (found.length === 0)
      throw new RunbackError('not-found', `No snapshot holds a record of ${platform}/${object} whose ${wanted.field} is that`, {
        why: 'The snapshots that can be read were searched, letters large or small.',
        state,
        next: 'Check the name of the field and the value (runback snapshot show latest), or name the record: --key',
      });
    for (const key of found) keys.add(key);
  }
  if (keys.size === 0)
    throw new RunbackError('usage', 'Say which record', { state, next: 'Add --key with its id on the platform, or --find email=name@example.com' });
  const others = await otherKeys(opened.store, platform, object, keys);
  return [...keys, ...others].map((key) => ({ platform, object, key }));
}

export const commands: readonly CommandSpec[] = [
  {
    summary: 'Remove a person from snapshots, copies, plans and journals permanently',
    details:
      'For a person who wants to be forgotten. Delete the record on its platform first: a backup that is taken later holds it again otherwise. What was done stays written down, without the values it was done with. Links of the record go with it. Files that were exported, reports that were saved and pages that were sent lie elsewhere: look through those yourself. Stopped in the middle, everything can be read; run it again. Exit 3 if something could not be looked at or changed.',
    options: [
      { flags: '--platform <name>', description: 'where the record is; not needed with one platform', kind: 'platform' },
      { flags: '--object <type>', description: 'object type of the record', required: true },
      { flags: '--key <id>', description: "the record's id on its platform", repeat: true },
      { flags: '--find <field=value>', description: 'every record that holds this value in any snapshot', repeat: true },
      { flags: '--reason <text>', description: 'kept with the note of it, such as the number of the request; no names' },
      { flags: '--dry-run', description: 'only say where it is: nothing is changed' },
      { flags: '--confirm <forget:records>', description: 'the confirmation, for use without a terminal' },
    ],
    examples: [
      'runback forget --object contacts --find email=name@example.com --dry-run',
      'runback forget --platform hubspot --object contacts --key 151',
    ],
    run: forget,
  },
];
