import { RunbackError } from '../../../lib/index.js';
import type { Mapping } from '../../../mappings/index.js';
import { decideTwice } from '../../flows/reconciliations/decide-twice.js';
import { knownSides } from '../../flows/reconciliations/known-twice.js';
import { oneMapping } from '../../flows/reconciliations/reconcile.js';
import { findPlan } from '../../flows/restores/restore.js';
import { byPrefix } from '../../session/prefix.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { leftLines } from '../../views/checks/reconciliation-plan.js';
import { planOutcome } from '../restore/outcome.js';

/** `runback reconcile plan` */
export const planVerb: CommandSpec = {
  verb: 'plan',
  summary: 'Plan what makes both sides agree; writes nothing to any platform',
  details:
    'Takes the confirmed differences of a reconciliation, reads those records again, and plans to write the value that counts to the other side: one restore plan for each platform that is written, under all guards of a restore. A record that is missing is created with its mapped values; one whose counterpart was deleted becomes inactive or, with --delete-extra, is deleted, as on_delete of the mapping says. Of records that match twice, a person says which belong together, asked or in a file (--answers). They are left otherwise, and counted, as are fields that both sides may change.',
  args: [{ name: 'mapping', description: 'id or path of a mapping' }],
  options: [
    { flags: '--result <id>', description: 'result of reconcile run (default: the newest of the mapping)' },
    { flags: '--answers <file>', description: 'which of the records that match twice belong together', kind: 'file' },
    { flags: '--delete-extra', description: 'also delete records whose counterpart was deleted, where on_delete is deleted' },
  ],
  examples: ['runback reconcile plan contacts'],
  run: plan,
};

/** Groups of records that match twice whose names are read: the others are listed by their keys. */
const MOST_NAMED = 20;

async function plan(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio, live, call } = context;
  const opened = await session();
  const mapping = await oneMapping(opened, input.required('mapping'), stdio.cwd);
  const id = await resultOf(opened, mapping, input.text('result'));
  await opened.authorise('plan');
  const { planRepair } = await import('../../../checks/index.js');
  const [left, right] = mapping.sides;
  live.start(`Opening ${[...new Set([left.platform, right.platform])].join(' and ')}`);
  const first = await opened.openPlatform(left.platform, call);
  const second = left.platform === right.platform ? first : await opened.openPlatform(right.platform, call);
  const { store, clock, by } = opened;
  const deps = { store, clock, catalog: await opened.catalog(), platforms: [first, second] as const };
  live.start('Working out what each side should hold');
  const decisions = await decideTwice(context, opened, { id, mapping, platforms: deps.platforms });
  const planned = await planRepair({ id, mapping, by, deleteExtra: input.flag('delete-extra'), decisions }, deps, call);
  const shown = planned.twice.slice(0, MOST_NAMED);
  const known = shown.length === 0 ? undefined : await knownSides(shown, mapping, deps.platforms, call);
  const outcomes: Outcome[] = [];
  for (const { plan: made } of planned.plans) outcomes.push(await planOutcome(opened, await findPlan(opened, made.header.id), made));
  return {
    data: { result: id, plans: outcomes.map(({ data }) => data), left: planned.left, same: planned.same, twice: planned.twice },
    text: (style) =>
      [...outcomes.map((outcome) => outcome.text(style)), leftLines(planned, mapping, known, style).join('\n')]
        .filter((text) => text !== '')
        .join('\n\n'),
  };
}

/** The id of the result that is meant. Throws `not-found`, `ambiguous`. */
async function resultOf(session: Session, mapping: Mapping, wanted: string | undefined): Promise<string> {
  const { readReconciliations } = await import('../../../checks/index.js');
  const own = (await readReconciliations(session.store, mapping.id)).map(({ id }) => id);
  const id =
    wanted === undefined || wanted === 'latest'
      ? own.at(-1)
      : byPrefix(wanted, own, (one) => one, { what: 'result', list: 'runback reconcile history' });
  if (id !== undefined) return id;
  throw new RunbackError('not-found', `${mapping.id} was not reconciled here yet`, {
    state: 'Nothing was planned.',
    next: `runback reconcile run ${mapping.id}`,
  });
}
