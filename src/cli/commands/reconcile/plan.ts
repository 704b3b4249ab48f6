import { RunbackError } from '../../../lib/index.js';
import type { Mapping } from '../../../mappings/index.js';
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
    'Takes the confirmed differences of a reconciliation, reads those records again, and plans to write the value that counts to the other side: one restore plan for each platform that is written, under all guards of a restore. A record that is missing is created with its mapped values; one whose counterpart was deleted becomes inactive or, with --delete-extra, is deleted, as on_delete of the mapping says. Records that match twice and fields that both sides may change are left, and counted.',
  args: [{ name: 'mapping', description: 'id or path of a mapping' }],
  options: [
    { flags: '--result <id>', description: 'result of reconcile run (default: the newest of the mapping)' },
    { flags: '--delete-extra', description: 'also delete records whose counterpart was deleted, where on_delete is deleted' },
  ],
  examples: ['runback reconcile plan contacts'],
  run: plan,
};

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
  const planned = await planRepair({ id, mapping, by, deleteExtra: input.flag('delete-extra') }, deps, call);
  const outcomes: Outcome[] = [];
  for (const { plan: made } of planned.plans) outcomes.push(await planOutcome(opened, await findPlan(opened, made.header.id), made));
  return {
    data: { result: id, plans: outcomes.map(({ data }) => data), left: planned.left, same: planned.same, twice: planned.twice },
    text: (style) =>
      [...outcomes.map((outcome) => outcome.text(style)), leftLines(planned, mapping, style).join('\n')].filter((text) => text !== '').join('\n\n'),
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
