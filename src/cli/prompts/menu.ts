import { NOUNS } from '../shell/nouns.js';
import type { Asker } from './asker.js';

/** What a person in trouble wants first, in that order. */
const WISHES: readonly { readonly name: string; readonly description: string; readonly words: readonly string[] }[] = [
  {
    name: 'Something is wrong: guide me',
    description: 'Tell the right people, pause the syncs, undo the damage, prove it, resume.',
    words: ['respond'],
  },
  { name: 'Continue what was interrupted', description: 'Resume a run where it stopped.', words: ['runbook', 'resume'] },
  { name: 'What is going on?', description: 'What is on fire, who acknowledged it, what is paused, what is due next.', words: ['status'] },
  { name: 'Stop the syncs now', description: 'Pause every sync, and remember which were running.', words: ['sync', 'pause', '--all'] },
  { name: 'Take a snapshot now', description: 'Keep the current state of every platform as evidence.', words: ['snapshot', 'create'] },
  { name: 'See the snapshots', description: 'What you can go back to.', words: ['snapshot', 'list'] },
  { name: 'Rehearse on this machine', description: 'A whole incident with a simulated HubSpot; no account needed.', words: ['demo'] },
  {
    name: 'Practice in a separate workspace',
    description: 'Restore a simulated HubSpot yourself, in a second terminal, as in a real incident.',
    words: ['practice'],
  },
  { name: 'Set up this folder', description: 'Make it a workspace.', words: ['init'] },
  { name: 'All commands', description: 'The help.', words: ['--help'] },
];

/** Asks, and gives the words of the command line that does it. */
export async function menuCommand(asker: Asker): Promise<readonly string[]> {
  const offered = WISHES.filter(({ words }) => words[0] === '--help' || NOUNS.some((noun) => noun.name === words[0]));
  return asker.choose({
    message: 'What do you need?',
    choices: offered.map(({ name, description, words }) => ({ name, description, value: words })),
  });
}
