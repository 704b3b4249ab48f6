import type { Escalation } from '../../escalation/index.js';
import { canonicalJson, defined, isRunbackError, RunbackError, utcText } from '../../lib/index.js';
import type { Place } from './place.js';

/** The rules a workspace goes by. */
export interface CurrentEscalation {
  /** Undefined where there is no escalation.yml, and none is known. */
  readonly escalation: Escalation | undefined;
  /** Why it is not what the file of today says: the file cannot be used, or is gone. */
  readonly trouble?: RunbackError;
}

/** The last escalation.yml that could be used. */
interface Known {
  readonly escalation: Escalation;
  /** ISO 8601: when it was first seen like this. */
  readonly since: string;
}

/**
 * escalation.yml, or where that cannot be used or is gone, the last one that could be: an incident does not wait for a
 * typo, and a file that vanished is not "no policy". A good file is remembered. `elsewhere` is asked where none is
 * remembered.
 */
export async function currentEscalation(
  place: Place,
  elsewhere: () => Promise<Escalation | undefined> = () => Promise.resolve(undefined),
): Promise<CurrentEscalation> {
  const { loadEscalation } = await import('../flows/escalation-file.js');
  try {
    const { escalation } = await loadEscalation(place.workspace.root);
    await remember(place, escalation);
    return { escalation };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const known = await knownEscalation(place);
    if (error.code === 'not-found')
      return known === undefined ? { escalation: undefined } : { escalation: known.escalation, trouble: gone(place, known, error) };
    const escalation = known?.escalation ?? (await elsewhere());
    return { escalation, trouble: unusable(error, escalation !== undefined) };
  }
}

/** The last escalation.yml that could be used; undefined where there was none, or it cannot be read. */
export async function knownEscalation({ store }: Pick<Place, 'store'>): Promise<Known | undefined> {
  const known = await document(store)
    .read()
    .catch(() => undefined);
  if (known === undefined) return undefined;
  const { storedEscalation } = await import('../../escalation/index.js');
  return { ...known, escalation: storedEscalation(known.escalation) };
}

/** Forgets it: the workspace has no rules from here on, and that is meant. */
export async function forgetEscalation({ store }: Pick<Place, 'store'>): Promise<void> {
  await document(store).delete();
}

const document = (store: Place['store']) => store.document<Known>('known-escalation', 'last');

/** A workspace that cannot be written to does without. */
async function remember(place: Place, escalation: Escalation): Promise<void> {
  const known = await knownEscalation(place);
  if (known !== undefined && canonicalJson(known.escalation) === canonicalJson(escalation)) return;
  await document(place.store)
    .update(() => ({ escalation, since: place.clock.now().toISOString() }))
    .catch(() => undefined);
}

function gone({ workspace }: Place, { since }: Known, cause: RunbackError): RunbackError {
  return new RunbackError('not-found', `escalation.yml is missing from ${workspace.root}`, {
    why: `It was there, as it was last changed by ${utcText(since, 'minute')}: people are still paged by what it said.`,
    next: 'Put it back. If you no longer want one: runback escalation forget',
    cause,
  });
}

function unusable(cause: RunbackError, isKnown: boolean): RunbackError {
  return new RunbackError(cause.code, cause.message, {
    ...defined({ why: cause.why }),
    state: isKnown
      ? 'People are paged by the last valid one; open incidents keep their own.'
      : 'No earlier one is known, so nobody is paged for a new incident.',
    next: 'Correct it, then: runback escalation lint',
    cause,
  });
}
