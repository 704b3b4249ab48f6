import { defined, RunbackError } from '../../../lib/index.js';
import type { Rehearsal } from '../../../stages/index.js';
import { removeLeftDrills } from '../../flows/drills/drills.js';
import { meansSet } from '../../flows/restores/plan-sets.js';
import { latencyOf, rehearseHere, secretRefOf } from '../../flows/restores/rehearse.js';
import { findPlan } from '../../flows/restores/restore.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { rehearsalText } from '../../views/restores/rehearsal.js';
import { MOVED, PLAN } from './words.js';

/** `runback restore rehearse` */
export const rehearseVerb: CommandSpec = {
  verb: 'rehearse',
  summary: 'Try a plan on a copy: is everything put back, how many calls, how long; writes nothing to the platform',
  details:
    'The snapshot of the damage is loaded into a sandbox on this machine, PostgreSQL into the empty database that --into or test_restore of a job names. There the plan is applied, every cell compared, and all of it undone. The platform itself is only read: a few records for the time that an answer takes, its limits, and what is left of the day. Says what cannot be known this way. Exit 2 if something is not as planned.',
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
  const { input, live, call, stdio } = context;
  const session = await context.session();
  const wanted = input.required('plan');
  if (meansSet(wanted))
    throw new RunbackError('usage', 'A set of plans cannot be rehearsed at once', {
      state: 'Nothing was started.',
      next: `Rehearse each of its plans. They are named by: runback restore show ${wanted}`,
    });
  const latencyMs = latencyOf(input.text('latency'));
  const into = secretRefOf(input.text('into'));
  const plan = await findPlan(session, wanted);
  const asked = input.text('snapshot');
  const snapshot = asked === undefined ? undefined : (await (await session.catalog()).resolve(asked)).id;
  await removeLeftDrills(context);
  const options = { offline: input.flag('offline'), ...defined({ snapshot, into, latencyMs, movedTo: input.text('moved-to') }) };
  const rehearsal = await rehearseHere(session, plan, options, stdio.env, (what) => live.start(what), call);
  live.stop();
  return {
    data: rehearsal,
    text: (style) => rehearsalText(rehearsal, style),
    ...(rehearsal.passed ? {} : { error: failed(rehearsal) }),
  };
}

function failed({ plan, stopped }: Rehearsal): RunbackError {
  return new RunbackError('rehearsal-failed', `The rehearsal of plan ${plan} found something that is not as planned`, {
    ...defined({ why: stopped }),
    state: 'Nothing was changed on the platform.',
    next: `Look at the plan again: runback restore show ${plan}`,
    data: { plan },
  });
}
