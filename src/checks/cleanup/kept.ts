/** A record that stays; without a key: the whole place could not be looked at. */
export interface Kept {
  readonly key?: string;
  /** `touched`, `merged` and `attached` are for people to decide, so that nothing is left to do here. */
  readonly because: 'touched' | 'merged' | 'attached' | 'half-marked' | 'refused' | 'other-account' | 'no-such-object';
  /** As the end of a sentence. */
  readonly why: string;
}

/** People have made it theirs: they delete it, or keep it. */
export const isForPeople = ({ because }: Kept): boolean => because === 'touched' || because === 'merged' || because === 'attached';

export const touched = (key: string, by?: string): Kept => ({
  key,
  because: 'touched',
  why: `${by ?? 'a person'} has changed it since`,
});
export const merged = (key: string): Kept => ({ key, because: 'merged', why: 'another record was merged into it' });
export const mergedInto = (key: string): Kept => ({ key, because: 'merged', why: 'a record of the test was merged into it' });
export const attached = (key: string, to: string): Kept => ({ key, because: 'attached', why: `${to}, which is not of the test, is linked to it` });
export const halfMarked = (key: string): Kept => ({
  key,
  because: 'half-marked',
  why: 'it bears a text of the test, but not its address and its mark together',
});

/** What happened to a few of the records of a run, people did; what happened to many of them, a program. */
export function isOfPrograms(times: number, records: number): boolean {
  return times >= Math.max(3, records / 4);
}
