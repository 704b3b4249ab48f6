import type { Escalation } from '../../../escalation/index.js';
import type { Incidents, LinkKind } from '../../../incidents/index.js';
import { isRunbackError, messageOf, RunbackError } from '../../../lib/index.js';
import type { RunObserver, RunView } from '../../../runbooks/index.js';
import type { CommandContext } from '../../shell/command.js';
import { visible } from '../../views/text/visible.js';

/** What the severities mean where no escalation.yml says it. */
const MEANS: Readonly<Record<string, string>> = {
  sev1: 'Customer data is being corrupted or lost',
  sev2: 'Customer data is wrong and no longer changing',
  sev3: 'Degraded, nothing lost',
  sev4: 'A question or a small cleanup',
};

/** The severities a workspace has, worst first, with what they mean. */
export function severities(file: Escalation | undefined): readonly (readonly [name: string, means: string])[] {
  const all = file ? Object.entries(file.severities).map(([name, { means }]) => [name, means] as const) : Object.entries(MEANS);
  return all.sort(([a], [b]) => a.localeCompare(b));
}

/** The severity that was given, or the one a person picks by its meaning. Throws `usage`, `person-needed`. */
export async function severityOf(context: CommandContext, file: Escalation | undefined, given: string | undefined): Promise<string> {
  const known = severities(file);
  if (given !== undefined) {
    if (known.some(([name]) => name === given)) return given;
    throw new RunbackError('usage', `There is no severity "${given}"`, {
      why: `There are: ${known.map(([name, means]) => `${name} (${means})`).join('; ')}.`,
      state: 'Nothing was opened.',
    });
  }
  const asker = await context.asker('--severity <severity>');
  return await asker.choose({
    message: 'How bad is it? In doubt, take the worse one',
    choices: known.map(([name, means]) => ({ value: name, name: visible(means), description: name })),
  });
}

/** Outputs of steps that an incident is tied to. */
const LINKED: readonly LinkKind[] = ['snapshot', 'plan', 'restore'];

/**
 * Ties a run to its incident as soon as it begins, and what it made when it ends. `done` resolves when that is on
 * record. What cannot be tied stops no run: it is tried once more in the end, and then told.
 */
export function linkingObserver(
  observer: RunObserver,
  { incidents, incident, by }: { readonly incidents: Incidents; readonly incident: string; readonly by: string },
): RunObserver & { done(): Promise<void> } {
  let work: Promise<void> = Promise.resolve();
  const failed: Tie[] = [];
  const tied = async ({ kind, id, what }: Tie): Promise<void> => {
    const { link } = await import('../../../incidents/index.js');
    await link(incidents, incident, kind, id, { by, source: 'runbook' }, what);
  };
  const tie = (kind: LinkKind, id: string, what: string): void => {
    const one = { kind, id, what };
    work = work.then(async () => await tied(one)).catch(() => void failed.push(one));
  };
  return {
    reporter: observer.reporter,
    runStarted: (run) => {
      observer.runStarted(run);
      tie('run', run.id, run.title);
    },
    stepChanged: (step, run) => {
      observer.stepChanged(step, run);
      if (step.state !== 'succeeded') return;
      for (const kind of LINKED) {
        const id = step.outputs[kind];
        if (typeof id === 'string' && id !== '') tie(kind, id, step.title);
      }
    },
    runEnded: (run: RunView) => observer.runEnded(run),
    done: async () => {
      await work;
      for (const one of failed.splice(0))
        await tied(one).catch((error: unknown) => {
          if (!isRunbackError(error)) throw error;
          observer.reporter.note(`${one.kind} ${one.id} could not be noted in incident ${incident}: ${messageOf(error)}`);
        });
    },
  };
}

/** What an incident is to be tied to. */
interface Tie {
  readonly kind: LinkKind;
  readonly id: string;
  readonly what: string;
}
