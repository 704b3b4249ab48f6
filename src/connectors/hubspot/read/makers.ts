import type { Maker } from '../../connector.js';

/** Sources of HubSpot's history by what stands behind them; the first that fits counts. */
const MAKERS: readonly (readonly [Maker, RegExp])[] = [
  ['import', /^(IMPORT|BATCH_IMPORT)/],
  [
    'form',
    /^(FORM|PREFERENCE|SUBSCRIPTION|UNSUBSCRIBE|PUBLIC|SURVEY|FEEDBACK|MEETING|CONVERSATION|BOT|CHAT|LIVE_?CHAT|SOCIAL|TWITTER|FACEBOOK|LINKEDIN)/,
  ],
  ['person', /^(CRM_UI|MOBILE|CONTACTS_WEB|BATCH_UPDATE|EMAIL|GMAIL|OUTLOOK|BCC|FORWARD|SALES|TASK|CALL|MERGE|PLAYBOOK|SLACK|IOS|ANDROID)/],
  ['program', /^(INTEGRATION|API|DATA_?SYNC|SYNC|EXTENSION)/],
];

/** What stands behind a source of the history; every one that is not known to be somebody's is HubSpot itself. */
export function makerOf(source: string | undefined): Maker | undefined {
  if (source === undefined) return undefined;
  return MAKERS.find(([, names]) => names.test(source))?.[0] ?? 'automation';
}
