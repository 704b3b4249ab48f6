import { describe, expect, it } from 'vitest';

import { linkingObserver } from '../../src/cli/flows/runs/respond.js';
import type { Incidents } from '../../src/incidents/index.js';
import { RunbackError } from '../../src/lib/index.js';
import type { RunObserver, RunView } from '../../src/runbooks/index.js';

/** Incidents whose journal cannot be written to so many times. */
function fullFor(times: number, error: Error): { readonly incidents: Incidents; readonly tries: () => number } {
  let tries = 0;
  const change = async (): Promise<void> => {
    tries += 1;
    if (tries <= times) throw error;
    await Promise.resolve();
  };
  const store = { document: () => ({ update: async () => await Promise.resolve() }) };
  return { incidents: { change, options: { store } } as unknown as Incidents, tries: () => tries };
}

function watched(): { readonly observer: RunObserver; readonly notes: string[] } {
  const notes: string[] = [];
  const reporter = { note: (text: string) => void notes.push(text) };
  const nothing = (): void => {};
  return { observer: { reporter, runStarted: nothing, stepChanged: nothing, runEnded: nothing } as unknown as RunObserver, notes };
}

const RUN = { id: 'run-1', title: 'A run' } as RunView;
const full = new RunbackError('disk-full', 'No room left');

describe('a run whose incident cannot be written to', () => {
  it('goes on, and is tied to it in the end where that works again', async () => {
    const { incidents, tries } = fullFor(1, full);
    const { observer, notes } = watched();
    const linking = linkingObserver(observer, { incidents, incident: 'inc-1', by: 'maya' });
    linking.runStarted(RUN);
    // What nobody waits for must not end the process meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await linking.done();
    expect([tries(), notes]).toEqual([2, []]);
  });

  it('says so in the end where it still does not work, and hides no bug', async () => {
    const { observer, notes } = watched();
    const linking = linkingObserver(observer, { incidents: fullFor(9, full).incidents, incident: 'inc-1', by: 'maya' });
    linking.runStarted(RUN);
    await linking.done();
    expect(notes).toEqual(['run run-1 could not be noted in incident inc-1: No room left']);
    const wrong = linkingObserver(watched().observer, { incidents: fullFor(9, new TypeError('a bug')).incidents, incident: 'inc-1', by: 'maya' });
    wrong.runStarted(RUN);
    await expect(wrong.done()).rejects.toThrow('a bug');
  });
});
