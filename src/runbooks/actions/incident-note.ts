import { z } from 'zod';

import { defineAction } from './action.js';

/** Writes a line into the run's log and, where the run belongs to an incident, into its timeline. */
export const incidentNote = defineAction({
  name: 'incident.note',
  summary: 'Write a line into the log',
  input: z.strictObject({ text: z.string().min(1) }),
  outputs: {},
  effect: 'verifiable',
  run: async ({ text }, context) => {
    // First the timeline, which takes a key once only: the run's log is what a crash is looked up in.
    await context.noteIncident?.(context.run.id, text, context.step.key);
    await context.note(text, context.step.key);
    return {};
  },
  lookup: (_, context) =>
    Promise.resolve(context.run.notes.some((note) => note.key === context.step.key) ? { state: 'succeeded', outputs: {} } : { state: 'not-started' }),
  undo: { none: 'a line in the log stays' },
  manual: (values) => [`Write into the log, with the time: ${values['text'] ?? ''}`],
});
