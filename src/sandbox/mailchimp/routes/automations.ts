import type { Automation } from '../../automation.js';
import { notFound } from '../failure.js';
import { self } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ok, on } from './route.js';

const WORKFLOW = '/automations/([^/]+)';

/** Classic automations: what the account is set to do by itself. Each mail of one is an e-mail of its workflow. */
export function automationRoutes({ account, url }: ApiContext): readonly MailchimpRoute[] {
  const { automations } = account;
  const held = (id: string): Automation => {
    const found = automations.automations().find((each) => each.id === id);
    if (!found) throw notFound();
    return found;
  };
  const told = (each: Automation): unknown => present(account, each, url());
  const set = (id: string, enabled: boolean): typeof done => {
    automations.automate({ ...held(id), enabled });
    return done;
  };
  return [
    on('GET', '/automations', ({ query }) => {
      const found = automations.automations().filter((each) => [null, '', statusOf(each)].includes(query.get('status')));
      return collection('automations', found, query, {}, told);
    }),
    on('GET', WORKFLOW, (_, id = '') => ok(told(held(id)))),
    on('POST', `${WORKFLOW}/actions/pause-all-emails`, (_, id = '') => set(id, false)),
    on('POST', `${WORKFLOW}/actions/start-all-emails`, (_, id = '') => set(id, true)),
    on('GET', `${WORKFLOW}/emails`, ({ query }, id = '') => {
      const automation = held(id);
      const emails = automation.does.flatMap((step, n) => (step.do === 'mail' ? [{ id: `${id}-${n}`, position: n, subject: step.subject }] : []));
      return collection('emails', emails, query, {}, (each) => ({
        id: each.id,
        workflow_id: id,
        position: each.position,
        status: statusOf(automation),
        settings: { subject_line: each.subject },
        _links: [],
      }));
    }),
  ];
}

const statusOf = ({ enabled }: Automation): string => (enabled ? 'sending' : 'paused');

function present({ audiences }: ApiContext['account'], automation: Automation, url: string): unknown {
  const { id, name, object, does, when } = automation;
  const list = object.replace(/^[a-z]+-/, '');
  return {
    id,
    create_time: '',
    start_time: '',
    status: statusOf(automation),
    emails_sent: 0,
    recipients: { list_id: list, list_is_active: audiences.has(list), list_name: audiences.get(list)?.settings.name ?? '' },
    settings: { title: name, from_name: '', reply_to: '' },
    tracking: {},
    trigger_settings: {
      workflow_type: when.on === 'create' ? 'welcomeSeries' : 'api',
      workflow_emails_count: does.filter((step) => step.do === 'mail').length,
    },
    _links: self(url, `/automations/${id}`),
  };
}
