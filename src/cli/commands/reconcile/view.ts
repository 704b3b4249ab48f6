import { resolve } from 'node:path';

import type { ViewColumn } from '../../../checks/index.js';
import { defined, EXIT, RunbackError } from '../../../lib/index.js';
import { ENCODINGS, type Encoding } from '../../../snapshots/index.js';
import { typedMoment } from '../../flows/restores/moments.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { viewText } from '../../views/checks/reconciliation-view.js';

const STATE = 'Nothing was compared.';

/** `runback reconcile view` */
export const viewVerb: CommandSpec = {
  verb: 'view',
  summary: 'Compare counts and sums of a dashboard with a platform; writes nothing',
  details:
    'Takes a CSV export of an analytics tool, or of an SQL query, that has one row for each group, and works out the same counts and sums from the records of a platform. Sums are compared to as many digits as the file shows; options by value or label. With --made, what records that were changed since may explain is in flight. Exit status 2 where there are differences.',
  args: [{ name: 'file', description: 'CSV file', kind: 'file' }],
  options: [
    { flags: '--platform <name>', description: 'platform whose records count', kind: 'platform', required: true },
    { flags: '--object <type>', description: 'object type of the records', required: true },
    { flags: '--group <column=field>', description: 'column that names a group, and its field', repeat: true, required: true },
    { flags: '--count <column>', description: 'column that counts records' },
    { flags: '--sum <column=field>', description: 'column that holds the sum of a field', repeat: true },
    { flags: '--only <field=value>', description: 'count only records that hold this value', repeat: true },
    { flags: '--encoding <name>', description: 'default: by its mark, else utf-8', choices: ENCODINGS },
    { flags: '--delimiter <character>', description: 'default: the commonest of , ; tab and | in the header' },
    { flags: '--decimal <character>', description: 'what stands before the fraction of a number', choices: ['.', ','] },
    { flags: '--made <time>', description: 'when the file was exported' },
    { flags: '--snapshot <id>', description: 'count in this snapshot, not in a new one', kind: 'snapshot' },
  ],
  run: view,
};

async function view(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio, live, call } = context;
  const opened = await session();
  const [count, encoding, delimiter, decimal] = ['count', 'encoding', 'delimiter', 'decimal'].map((name) => input.text(name));
  if (delimiter !== undefined && delimiter.replace('\\t', '\t').length !== 1)
    throw new RunbackError('usage', `--delimiter takes one character, not ${JSON.stringify(delimiter)}`, { state: STATE });
  const spec = {
    group: input.list('group').map((text) => columnIn(text, 'group')),
    sums: input.list('sum').map((text) => columnIn(text, 'sum')),
    only: input.list('only').map((text) => {
      const { column: field, field: value } = columnIn(text, 'only');
      return { field, value };
    }),
    ...defined({ count, decimal: decimal as '.' | ',' | undefined }),
  };
  if (count === undefined && spec.sums.length === 0)
    throw new RunbackError('usage', 'Say what is compared', { state: STATE, next: 'Add --count COLUMN or --sum COLUMN=field' });
  await opened.authorise('snapshot');
  const made = input.text('made');
  const madeAt = made === undefined ? undefined : await typedMoment(context, made, { option: 'made', direction: 'past', state: STATE });
  const name = input.required('platform');
  live.start(`Opening ${name}`);
  const platform = await opened.openPlatform(name, call);
  const catalog = await opened.catalog();
  const named = input.text('snapshot');
  const snapshot = named === undefined ? undefined : (await catalog.resolve(named)).id;
  const { reconcileView } = await import('../../../checks/index.js');
  const request = {
    path: resolve(stdio.cwd, input.required('file')),
    object: input.required('object'),
    form: defined({ encoding: encoding as Encoding | undefined, delimiter: delimiter?.replace('\\t', '\t') }),
    spec,
    by: opened.by,
  };
  const result = await reconcileView({ ...request, ...defined({ madeAt, snapshot }) }, { platform, catalog }, call);
  return {
    data: result,
    text: (style) => viewText(result, spec, style),
    ...(result.passed ? {} : { exit: EXIT.differences }),
  };
}

/** `Country=country`. Throws `usage`. */
function columnIn(text: string, option: string): ViewColumn {
  const at = text.lastIndexOf('=');
  if (at > 0 && at < text.length - 1) return { column: text.slice(0, at), field: text.slice(at + 1) };
  throw new RunbackError('usage', `--${option} ${JSON.stringify(text)} has no "=" between two names`, {
    state: STATE,
    next: 'runback reconcile view --help',
  });
}
