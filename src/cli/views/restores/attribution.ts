import type { Attribution } from '../../../restores/index.js';
import { time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';

/** Whether something ties a change to the incident, who made it and when. */
export function attributionWords(attribution: Attribution, style: Style): string {
  const who = attribution.writer === undefined ? '' : `, ${visible(attribution.writer)}`;
  const when = attribution.at === undefined ? '' : `, ${time(attribution.at, style)}`;
  const words = { attributed: 'tied to the incident', unattributed: 'evidence points elsewhere', unknown: 'the platform keeps no history for it' };
  return `${words[attribution.state]}${who}${when}`;
}
