import type { Answer, Asked } from './kit.js';
import { newTruth, numbered, type Vendor } from './vendor.js';

const RIGHT = `Basic ${Buffer.from('runback:canary-mc-key-us6').toString('base64')}`;
const ROOT = '/3.0';

/** Errors as Mailchimp words them, by RFC 7807. */
function refusal(status: number, title: string, detail: string): Answer {
  return { status, body: { type: 'https://mailchimp.com/developer/marketing/docs/errors/', title, status, detail, instance: '' } };
}

function signedIn(asked: Asked): Answer | undefined {
  if (asked.headers['authorization'] === RIGHT) return undefined;
  return refusal(401, 'API Key Invalid', "Your API key may be invalid, or you've attempted to access the wrong datacenter.");
}

const NOT_THERE = refusal(404, 'Resource Not Found', 'The requested resource could not be found.');
const credentials = { key: 'canary-mc-key-us6' };

/** One campaign that is scheduled: unscheduled it is a draft whose time is gone; scheduled on a quarter of an hour only. */
export function mailchimpCampaign(): Vendor {
  let time: string | null = '2030-01-02T09:15:00+00:00';
  let timewarp = true;
  const truth = newTruth();
  const status = () => (truth.paused ? (truth.inFlight > 0 ? 'sending' : 'save') : 'schedule');
  return {
    kind: 'mailchimp-campaign',
    settings: { id: '42694e9e57' },
    which: 'id',
    credentials,
    mostInFlight: 1,
    truth: Object.assign(truth, { how: () => ({ time, timewarp }) }),
    answer(asked) {
      const refused = signedIn(asked);
      if (refused !== undefined) return refused;
      if (asked.path === `${ROOT}/campaigns/42694e9e57`)
        return { status: 200, body: { id: '42694e9e57', status: status(), send_time: time ?? '', settings: { subject_line: 'News', timewarp } } };
      switch (asked.path.replace(`${ROOT}/campaigns/42694e9e57/actions/`, '')) {
        case 'unschedule':
          if (status() !== 'schedule') return refusal(400, 'Bad Request', 'The campaign is not scheduled.');
          [truth.paused, time, timewarp] = [true, null, false];
          return { status: 204 };
        case 'schedule': {
          const given = asked.body as { readonly schedule_time?: unknown; readonly timewarp?: unknown };
          if (typeof given.schedule_time !== 'string' || new Date(given.schedule_time).getUTCMinutes() % 15 !== 0)
            return refusal(400, 'Bad Request', 'The schedule time must be on the quarter hour.');
          if (status() !== 'save') return refusal(400, 'Bad Request', 'The campaign cannot be scheduled.');
          [truth.paused, time, timewarp] = [false, given.schedule_time, given.timewarp === true];
          return { status: 204 };
        }
        case 'cancel-send':
          truth.inFlight = 0;
          truth.cancelled += 1;
          return { status: 204 };
        default:
          return NOT_THERE;
      }
    },
  };
}

/** One classic automation with two emails; `truth.waiting` people wait in the queue of the first. */
export function mailchimpAutomation(): Vendor {
  const truth = newTruth();
  const at = `${ROOT}/automations/57afe96172`;
  return {
    kind: 'mailchimp-automation',
    settings: { id: '57afe96172' },
    which: 'id',
    credentials,
    mostInFlight: 0,
    truth,
    answer(asked) {
      const refused = signedIn(asked);
      if (refused !== undefined) return refused;
      if (asked.path === at) return { status: 200, body: { id: '57afe96172', status: truth.paused ? 'paused' : 'sending', emails_sent: 12 } };
      if (asked.path === `${at}/emails`) return { status: 200, body: { emails: [{ id: 'a1' }, { id: 'a2' }], total_items: 2 } };
      const queue = /\/emails\/(a1|a2)\/queue$/u.exec(asked.path);
      if (queue !== null)
        return {
          status: 200,
          body: { queue: numbered(queue[1] === 'a1' ? truth.waiting : 0).map((id) => ({ id: String(id) })), total_items: truth.waiting },
        };
      if (asked.path === `${at}/actions/pause-all-emails`) truth.paused = true;
      else if (asked.path === `${at}/actions/start-all-emails`) [truth.paused, truth.waiting] = [false, 0];
      else return NOT_THERE;
      return { status: 204 };
    },
  };
}
