/**
 * Where a step leaves the run: `on` to whatever the journal now says is next, or to taking everything back, because a
 * rule of the runbook says so (`undo`) or a person does (`undo-asked`). Every function that gives a Next may throw
 * RunStopped: the run stays open, and a person or a resume goes on.
 */
export type Next = 'on' | 'undo' | 'undo-asked';
