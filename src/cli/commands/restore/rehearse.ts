import { counted, defined, RunbackError } from '../../../lib/index.js';
import type { Plan, PlanSet } from '../../../restores/index.js';
import type { Rehearsal } from '../../../stages/index.js';
import { removeLeftDrills } from '../../flows/drills/drills.js';
import { findSet, meansSet } from '../../flows/restores/plan-sets.js';
import { latencyOf, rehearseHere, type RehearseOptions, secretRefOf } from '../../flows/restores/rehearse.js';
import { findPlan } from '../../flows/restores/restore.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { rehearsalText, rehearsedSetText } from '../../views/restores/rehearsal.js';
import { MOVED, PLAN } from './words.js';

/** `runback restore rehearse` */
export const rehearseVerb: CommandSpec = {
  verb: 'rehearse',
  summary: 'Try a plan on a copy: is everything put back, how many calls, how long; writes nothing to the platform',
  details:
    'The snapshot of the damage is loaded into a sandbox on this machine, PostgreSQL into the empty database that --into or test_restore of a job names. There the plan is applied, every cell compared, and all of it undone. The platform itself is only read: a few records for the time that an answer takes, its limits, and what is left of the day. Says what cannot be known this way. Of a set of plans, each of them. Exit 2 if something is not as planned.',
  args: [PLAN],
  options: [
    { flags: '--snapshot <snapshot>', description: 'load this one instead of that of the damage', kind: 'snapshot' },
    { flags: '--into <secret>', description: 'where the URL of an empty database is: env:RESTORE_TEST_URL, file:PATH' },
    { flags: '--offline', description: 'ask the platform nothing: limits as in runback.yml, and an assumed latency' },
    { flags: '--latency <duration>', description: 'how long one call takes, instead of measuring it: 180ms' },
    MOVED,
  ],
  examples: ['runback restore rehearse latest', 'runback restore rehearse plan-20261129 --into env:RESTORE_TEST_URL'],
  run: rehearse,
};

async function rehearse(context: CommandContext): Promise<Outcome> {
  const { input, live } = context;
  const session = await context.session();
  const wanted = input.required('plan');
  const latencyMs = latencyOf(input.text('latency'));
  const into = secretRefOf(input.text('into'));
  const set = meansSet(wanted) ? await findSet(session, wanted) : undefined;
  const plan = set === undefined ? await findPlan(session, wanted) : undefined;
  const asked = input.text('snapshot');
  const snapshot = asked === undefined ? undefined : (await (await session.catalog()).resolve(asked)).id;
  await removeLeftDrills(context);
  const options = { offline: input.flag('offline'), ...defined({ snapshot, into, latencyMs, movedTo: input.text('moved-to') }) };
  if (set !== undefined) return await rehearseSet(context, session, set, options);
  if (plan === undefined) throw new RunbackError('bug', `${wanted} is neither a plan nor a set of plans`);
  const rehearsal = await rehearseHere(session, plan, options, context.stdio.env, (what) => live.start(what), context.call);
  live.stop();
  return {
    data: rehearsal,
    text: (style) => rehearsalText(rehearsal, style),
    ...(rehearsal.passed ? {} : { error: failed(rehearsal) }),
  };
}

/** Each plan of a set in a place of its own. It passes where all of them do and the set leaves no difference open. */
async function rehearseSet(context: CommandContext, session: Session, set: PlanSet, options: RehearseOptions): Promise<Outcome> {
  const { live, stdio, call } = context;
  const { plansOf } = await import('../../../restores/index.js');
  const plans = await plansOf(session.store, set);
  const rehearsals: Rehearsal[] = [];
  for (const [, plan] of plans) {
    const doing = (what: string): void => live.start(`${plan.header.platform}: ${what}`);
    rehearsals.push(await rehearseHere(session, plan, await ownPlace(session, plan, options), stdio.env, doing, call));
  }
  live.stop();
  const open = set.differences.count;
  const passed = open === 0 && rehearsals.every((one) => one.passed);
  const data = { set: set.id, passed, differences: open, rehearsals };
  return {
    data,
    text: (style) => rehearsedSetText(data, style),
    ...(passed ? {} : { error: failedSet(set.id, open) }),
  };
}

/** A platform that has a sandbox on this machine takes no other place. */
async function ownPlace(session: Session, { header }: Plan, { into, ...rest }: RehearseOptions): Promise<RehearseOptions> {
  const { hasSandbox } = await import('../../../stages/index.js');
  return into === undefined || hasSandbox(session.platformConfig(header.platform).connector) ? rest : { ...rest, into };
}

function failedSet(set: string, open: number): RunbackError {
  return new RunbackError('rehearsal-failed', `The rehearsal of ${set} found something that is not as planned`, {
    ...(open === 0 ? {} : { why: `The plans leave ${counted(open, 'differences')} between the platforms.` }),
    state: 'Nothing was changed on any platform.',
    next: `Look at its plans again: runback restore show ${set}`,
    data: { set },
  });
}

function failed({ plan, stopped }: Rehearsal): RunbackError {
  return new RunbackError('rehearsal-failed', `The rehearsal of plan ${plan} found something that is not as planned`, {
    ...defined({ why: stopped }),
    state: 'Nothing was changed on the platform.',
    next: `Look at the plan again: runback restore show ${plan}`,
    data: { plan },
  });
}
