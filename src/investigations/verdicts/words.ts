import { formatCount } from '../../lib/index.js';
import type { Label } from '../types.js';

/** What a group has in common, as a clause for people. */
export function labelWords(label: Label, detail: string | undefined, count: number): string {
  const many = formatCount(count);
  const more = detail === undefined ? '' : ` (${detail})`;
  switch (label) {
    case 'emptied':
      return `${many} values were emptied`;
    case 'filled':
      return `${many} empty fields were filled`;
    case 'artefact':
      return `${many} values are what a program writes when it has nothing`;
    case 'opted-in':
      return `${many} people who had opted out were opted in`;
    case 'opted-out':
      return `${many} people were opted out`;
    case 'decoded':
      return `${many} texts came through the wrong encoding`;
    case 'form':
      return `${many} values have another form and say the same`;
    case 'truncated':
      return `${many} texts were cut off${more}`;
    case 'shortened':
      return `${many} texts were shortened`;
    case 'moved':
      return `${many} records hold what was in another of their fields${more}`;
    case 'passed-on':
      return `${many} records hold what other records held`;
    case 'stale':
      return `${many} records hold an older value again`;
    case 'one-value':
      return `${many} records got the same value${more}`;
    case 'remapped':
      return `each option became another one on ${many} records${more}`;
    case 'factor':
      return `${many} numbers were multiplied by one factor${more}`;
    case 'day-month':
      return `${many} dates have day and month exchanged`;
    case 'date-offset':
      return `${many} dates moved by the same time${more}`;
    case 'affix':
      return `${many} texts got the same addition${more}`;
    case 'shrunk':
      return `${many} selections lost elements`;
    case 'grown':
      return `${many} selections got more elements`;
    case 'stamp':
      return `${many} values say when they were written`;
    case 'put-back':
      return `${many} values were put back by a restore of runback`;
    case 'created':
      return `${many} records were created`;
    case 'deleted':
      return `${many} records were deleted`;
    case 'linked':
      return `${many} links were made`;
    case 'unlinked':
      return `${many} links were cut`;
    case 'other':
      return `${many} values were replaced by others`;
    default:
      return label satisfies never;
  }
}
