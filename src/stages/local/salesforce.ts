import { type Clock, systemClock } from '../../lib/index.js';
import { createRandom, importOrg, type Sandbox, startSalesforceSandbox, type TrueWriter, type Who } from '../../sandbox/index.js';
import type { LocalPlatform } from './local.js';
import { importedOrg, unusedPod, withoutTarget } from './salesforce-contents.js';

/** More than anybody asks for. */
const ANY = 1_000_000_000;
/** Salesforce tells times in whole seconds: what people and runback do in turn lies so far apart, so that its order can be told. */
const APART_MS = 1100;
const DAY_MS = 86_400_000;

const SYNC: Who = { kind: 'integration', id: '48621', label: 'CRM to marketing platform' };

/** Object types that can be put there, besides those of one's own. */
const KNOWN: ReadonlySet<string> = new Set([
  'Account',
  'Contact',
  'Lead',
  'Opportunity',
  'Campaign',
  'CampaignMember',
  'OpportunityContactRole',
  'Task',
]);

/** An account of Salesforce: contacts, a sixth as many accounts, a tenth as many deals, and the references between them. */
export const salesforce: LocalPlatform = {
  label: 'a Salesforce sandbox on this machine',
  connector: 'salesforce',
  objects: ['Contact', 'Account', 'Opportunity'],
  knows: (object) => KNOWN.has(object) || object.endsWith('__c'),
  leftOut: withoutTarget,
  pace: ['timeout'],
  // It does a request at once, or not at all.
  options: { settle: '1s' },
  references: [],
  differsInvented: ['its records are invented, and there are fewer of them', 'it has the fields of a fresh organization and none of your own'],
  differsFilled: [
    'it has no history of them, and an empty recycle bin',
    'its users and record types have no names, and no picklist depends on another field',
    'numbers that Salesforce counts up start again at 1 there',
  ],
  differs: [
    'it has none of the flows, triggers, rules and integrations of your organization',
    'its user sees and may write everything, and history is kept of every field that can have it',
    'seconds pass there between what people and runback do in turn',
  ],
  cannotKnow: [
    'what flows and triggers of your organization do when they see these changes: e-mails, tasks, changes of other records',
    'rules of your organization that refuse a value: validation, duplicates, required fields, permissions of the user',
    'what other integrations do with these changes, and how many calls they make at the same time',
  ],
  syncWriter: SYNC,
  writesAs: `integration.${SYNC.id}@example.com`,
  async start({ seed, fill, clock = systemClock, unlimited = false }) {
    const turns = turnsOf(clock);
    const limits = unlimited ? { perDay: ANY } : {};
    if ('snapshot' in fill) {
      const filled = await startSalesforceSandbox({ clock: turns.clock, limits, facts: { pod: unusedPod(fill) } });
      importOrg(filled, importedOrg(fill), { onlySettings: fill.onlySettings === true });
      return turns.around(filled);
    }
    const { records } = fill;
    const sandbox = await startSalesforceSandbox({
      clock: turns.clock,
      limits,
      description: {
        fields: { Contact: [{ name: 'Level__c', label: 'Level', type: 'picklist', options: LEVELS, restricted: true }] },
        tracked: { Contact: TRACKED, Account: ['Name', 'Phone'], Opportunity: ['StageName', 'Amount'] },
      },
    });
    seedPlain(sandbox, { contacts: records, accounts: Math.max(10, Math.round(records / 6)), deals: Math.max(5, Math.round(records / 10)), seed });
    sandbox.resetCounts();
    return turns.around(sandbox);
  },
};

const TRACKED = ['FirstName', 'LastName', 'Title', 'Phone', 'MailingCity', 'Department', 'AccountId', 'Email', 'HasOptedOutOfEmail', 'Level__c'];

/** A clock that goes on by a second whenever somebody writes after something was asked. */
function turnsOf(real: Clock): { readonly clock: Clock; readonly around: (sandbox: Sandbox) => Sandbox } {
  let ahead = 0;
  let seen = 0;
  const clock: Clock = { ...real, now: () => new Date(real.now().getTime() + ahead) };
  return {
    clock,
    around: (sandbox) => ({
      ...sandbox,
      writeAs: (who): TrueWriter => {
        const { requests } = sandbox.counts();
        if (requests !== seen) ahead += APART_MS;
        seen = requests;
        return sandbox.writeAs(who);
      },
    }),
  };
}

/** Fills an account with invented people, the same for the same seed. */
function seedPlain(
  sandbox: Sandbox,
  { contacts, accounts, deals, seed }: { readonly contacts: number; readonly accounts: number; readonly deals: number; readonly seed: number },
): void {
  const random = createRandom(seed);
  const writer = sandbox.writeAs({ kind: 'person', id: '7' });
  const now = sandbox.now().getTime();
  const before = (days: number): number => now - days * DAY_MS;
  const firms = Array.from({ length: accounts }, (_, n) =>
    writer.create('Account', { Name: `Firm ${String(n)}`, Phone: `+1 555 02${String(n)}` }, before(400)),
  );
  for (let n = 0; n < contacts; n += 1) {
    const values = {
      FirstName: random.pick(GIVEN),
      LastName: `${random.pick(FAMILY)} ${String(n)}`,
      Email: `person.${String(n)}@example.com`,
      Title: random.chance(0.2) ? null : random.pick(TITLES),
      Phone: random.chance(0.15) ? null : `+1 555 ${String(1000 + n)}`,
      MailingCity: random.pick(CITIES),
      AccountId: random.chance(0.9) ? random.pick(firms) : null,
      HasOptedOutOfEmail: random.chance(0.15) ? 'true' : 'false',
      Level__c: LEVELS[n % LEVELS.length] ?? null,
    };
    writer.create('Contact', values, before(300));
  }
  for (let n = 0; n < deals; n += 1)
    writer.create(
      'Opportunity',
      { Name: `Deal ${String(n)}`, StageName: random.pick(STAGES), CloseDate: '2026-12-31', Amount: String(100 * n), AccountId: random.pick(firms) },
      before(200),
    );
}

const GIVEN = ['Ana', 'Björn', 'Chloé', 'Dmitri', 'Elif', 'Farid', 'Grace', 'Hanna', 'Ivo', 'Jun'];
const FAMILY = ['Nowak', 'O’Hara', 'Müller', 'Sørensen', 'Tanaka', 'da Silva', 'Lee', 'van Dijk'];
const TITLES = ['Manager', 'Engineer', 'Director', 'Analyst', 'Buyer'];
const CITIES = ['Springfield', 'Oslo', 'Lyon', 'Porto', 'Turin', 'Ghent', 'Bern'];
const LEVELS = ['Lead', 'Customer', 'Partner'];
const STAGES = ['Prospecting', 'Qualification', 'Closed Won'];
