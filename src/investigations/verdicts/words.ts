import { counted } from '../../lib/index.js';
import type { Label } from '../types.js';

/** What a group has in common, as a clause for people. */
export function labelWords(label: Label, detail: string | undefined, count: number): string {
  const more = detail === undefined ? '' : ` (${detail})`;
  const one = count === 1;
  const [were, have] = one ? ['was', 'has'] : ['were', 'have'];
  const values = counted(count, 'values');
  const records = counted(count, 'records');
  const texts = counted(count, 'texts');
  const people = counted(count, 'people', 'person');
  switch (label) {
    case 'emptied':
      return `${values} ${were} emptied`;
    case 'filled':
      return `${counted(count, 'empty fields')} ${were} filled`;
    case 'artefact':
      return `${values} ${one ? 'is' : 'are'} what a program writes when it has nothing`;
    case 'opted-in':
      return `${people} who had opted out ${were} opted in`;
    case 'opted-out':
      return `${people} ${were} opted out`;
    case 'decoded':
      return `${texts} came through the wrong encoding`;
    case 'form':
      return `${values} ${have} another form and ${one ? 'says' : 'say'} the same`;
    case 'truncated':
      return `${texts} ${were} cut off${more}`;
    case 'shortened':
      return `${texts} ${were} shortened`;
    case 'moved':
      return `${records} ${one ? 'holds what was in another of its' : 'hold what was in another of their'} fields${more}`;
    case 'passed-on':
      return `${records} ${one ? 'holds what another record' : 'hold what other records'} held`;
    case 'stale':
      return `${records} ${one ? 'holds' : 'hold'} an older value again`;
    case 'one-value':
      return `${records} got the same value${more}`;
    case 'remapped':
      return `each option became another one on ${records}${more}`;
    case 'factor':
      return `${counted(count, 'numbers')} ${were} multiplied by one factor${more}`;
    case 'day-month':
      return `${counted(count, 'dates')} ${have} day and month exchanged`;
    case 'date-offset':
      return `${counted(count, 'dates')} moved by the same time${more}`;
    case 'affix':
      return `${texts} got the same addition${more}`;
    case 'shrunk':
      return `${counted(count, 'selections')} lost elements`;
    case 'grown':
      return `${counted(count, 'selections')} got more elements`;
    case 'stamp':
      return `${values} ${one ? 'says when it was' : 'say when they were'} written`;
    case 'put-back':
      return `${values} ${were} put back by a restore of runback`;
    case 'created':
      return `${records} ${were} created`;
    case 'deleted':
      return `${records} ${were} deleted`;
    case 'linked':
      return `${counted(count, 'links')} ${were} made`;
    case 'unlinked':
      return `${counted(count, 'links')} ${were} cut`;
    case 'other':
      return `${values} ${one ? 'was replaced by another' : 'were replaced by others'}`;
    default:
      return label satisfies never;
  }
}
