import { randomUUID } from 'node:crypto';

import { systemClock } from '../../lib/index.js';
import { type AudienceDescription, createRandom, type MailchimpSandbox, startMailchimpSandbox, type Who } from '../../sandbox/index.js';
import type { LocalPlatform } from './local.js';
import { audienceOf, membersOf } from './mailchimp-contents.js';

const DAY_MS = 86_400_000;
/** Connections of one account: more than runback ever opens. */
const ANY = 1_000;
const AUDIENCE = '8a1f0c2d3e';
const PREFIX = 'members-';
const MEMBERS = PREFIX + AUDIENCE;

const SYNC: Who = { kind: 'integration', id: '48621', label: 'CRM to marketing platform' };

const INVENTED: AudienceDescription = {
  id: AUDIENCE,
  mergeFields: [
    { tag: 'COMPANY', name: 'Company' },
    { tag: 'CITY', name: 'City' },
    { tag: 'LEVEL', name: 'Level', type: 'dropdown', choices: ['Lead', 'Customer', 'Partner'] },
    { tag: 'LTV', name: 'Lifetime value', type: 'number' },
    { tag: 'JOINED', name: 'Joined', type: 'date', dateFormat: 'YYYY-MM-DD' },
  ],
  groups: [{ title: 'Topics', interests: ['News', 'Offers'] }],
};

/** Somebody in the archive, whom no list shows: what an audience asks permission for is told with members only. */
const NOBODY = { contactId: '0'.repeat(32), values: { email_address: 'runback-nobody@example.com', status: 'archived' }, changedAt: 0 };

/** An account of Mailchimp with one audience: members with merge fields, tags and groups; 15 % of them opted out. */
export const mailchimp: LocalPlatform = {
  label: 'a Mailchimp sandbox on this machine',
  connector: 'mailchimp',
  objects: [MEMBERS],
  knows: (object) => object.startsWith(PREFIX),
  // It does nothing for a connection that is gone.
  options: { settle: '0s' },
  pace: ['timeout'],
  references: [],
  differsInvented: ['its members are invented, and there are fewer of them', 'it has one audience, with merge fields and groups that are not yours'],
  differsFilled: ['its groups are one group, and nobody left by themselves there: Mailchimp does not tell who did'],
  differs: [
    'it has none of the automations, journeys, campaigns and integrations of your account',
    'what is written there is read at once',
    'it takes addresses that Mailchimp would refuse as fake',
  ],
  cannotKnow: [
    'what automations and journeys of your account do when they see these changes: e-mails, tags, changes of other members',
    'campaigns that are scheduled, and to whom they go',
    'what other integrations do with these changes, and how many of the ten connections they take',
    'whether Mailchimp takes people who bounced, left or were deleted permanently',
  ],
  syncWriter: SYNC,
  // Mailchimp tells nobody who wrote what: this only names the sync in runback.yml.
  writesAs: `integration.${SYNC.id}`,
  async start({ seed, fill, token = `${randomUUID().replaceAll('-', '')}-us21`, clock = systemClock, unlimited = false }) {
    const sandbox = await startMailchimpSandbox({
      clock,
      token,
      // No contact of it has the id of one of the snapshot, as no other account has.
      ...('snapshot' in fill && { contacts: fill.snapshot }),
      limits: unlimited ? { connections: ANY } : {},
      audiences: 'snapshot' in fill ? fill.objects.map((each) => audienceOf(each)) : [INVENTED],
    });
    if (!('snapshot' in fill)) seedPlain(sandbox, fill.records, seed);
    else if (fill.onlySettings === true) for (const id of sandbox.audiences) sandbox.importMembers(id, [NOBODY]);
    else for (const each of fill.objects) sandbox.importMembers(each.schema.object.slice(PREFIX.length), membersOf(each, clock.now().getTime()));
    sandbox.resetCounts();
    return sandbox;
  },
};

/** Fills an audience with invented people, the same for the same seed. */
function seedPlain(sandbox: MailchimpSandbox, members: number, seed: number): void {
  const random = createRandom(seed);
  const writer = sandbox.writeAs({ kind: 'person', id: '7' });
  const at = sandbox.now().getTime() - 300 * DAY_MS;
  for (let n = 0; n < members; n += 1) {
    const values = {
      email_address: `person.${String(n)}@example.com`,
      FNAME: random.pick(GIVEN),
      LNAME: `${random.pick(FAMILY)} ${String(n)}`,
      COMPANY: random.chance(0.2) ? null : random.pick(COMPANIES),
      CITY: random.pick(CITIES),
      PHONE: random.chance(0.3) ? null : `+1 555 ${String(1000 + n)}`,
      LEVEL: random.pick(LEVELS),
      LTV: String(n * 10),
      JOINED: `2025-0${String(1 + (n % 9))}-${String(10 + (n % 18))}`,
      tags: random.chance(0.4) ? random.pick(TAGS) : null,
    };
    const key = writer.create(MEMBERS, values, at);
    // Taken off by a program, years ago: those Mailchimp lets a program subscribe again, and so a bad sync.
    if (random.chance(0.15)) sandbox.writeAs(SYNC).update(MEMBERS, key, { status: 'unsubscribed' }, at + DAY_MS);
  }
}

const GIVEN = ['Ana', 'Björn', 'Chloé', 'Dmitri', 'Elif', 'Farid', 'Grace', 'Hanna', 'Ivo', 'Jun'];
const FAMILY = ['Nowak', 'O’Hara', 'Müller', 'Sørensen', 'Tanaka', 'da Silva', 'Lee', 'van Dijk'];
const COMPANIES = ['Firm A', 'Firm B', 'Firm C', 'Firm D'];
const CITIES = ['Springfield', 'Oslo', 'Lyon', 'Porto', 'Turin', 'Ghent', 'Bern'];
const LEVELS = ['Lead', 'Customer', 'Partner'];
const TAGS = ['newsletter', 'fair 2025', 'vip'];
