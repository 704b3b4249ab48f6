import { seedMessy, startHubSpotSandbox, type HubSpotSandbox } from '../sandbox/index.js';
import { startIntegration, type Integration } from './integration.js';
import { linkName, readTruth, scoreTruth, type Score } from './truth.js';

/** Sizes of the story. */
export interface BadSyncOptions {
  readonly contacts: number;
  readonly companies: number;
  readonly deals: number;
  readonly seed: number;
  /** Default: free ports, and the sandbox's own token. */
  readonly fixed?: { readonly port: number; readonly syncPort: number; readonly token: string };
}

/** What the failure did, for people. */
export interface DamageDone {
  readonly overwritten: number;
  readonly emptied: number;
  readonly linksCut: number;
  readonly duplicates: number;
}

/** The story of a sync that goes wrong in a local HubSpot sandbox, and the truth to judge its repair by. */
export interface BadSync {
  readonly sandbox: HubSpotSandbox;
  readonly integration: Integration;
  /** Fields that the sync writes rightly, before, during and after the failure. */
  readonly rightfulFields: readonly string[];
  /** The sync breaks: overwrites `firstname`, empties `phone`, cuts company links, creates duplicates. */
  goWrong(): DamageDone;
  /** A colleague works on, not knowing: corrects contacts by hand, damaged ones too, and adds one. Returns the number of edits. */
  colleagueWorks(): number;
  /** Judges the account as it is now, by the sandbox's own records. */
  score(): Score;
  stop(): Promise<void>;
}

const OBJECTS = ['contacts', 'companies', 'deals'] as const;
const SYNC = { source: { type: 'INTEGRATION', id: '48621', label: 'CRM to marketing platform' } };
const COLLEAGUE = { source: { type: 'CRM_UI', id: 'userId:4711', userId: 4711 } };

/** Starts the sandbox, fills it, and starts the sync that keeps writing. */
export async function stageBadSync(options: BadSyncOptions): Promise<BadSync> {
  const { fixed } = options;
  const sandbox = await startHubSpotSandbox({ seed: options.seed, ...(fixed && { port: fixed.port, token: fixed.token }) });
  seedMessy(sandbox, options);
  const { portal } = sandbox;
  const { random } = portal;
  const contacts = portal.types.get('contacts');
  const table = portal.table(contacts);
  const expected = readTruth(sandbox, OBJECTS);
  const damaged = new Set<string>();
  const legitimate = new Set<string>();
  const original = [...table.from(undefined, false)].map((record) => record.id);
  const valueOf = (id: string, name: string): string | undefined => table.find(id)?.values[name];

  /** A change that must survive: made in the account and in what is expected of it. */
  const edit = (writer: typeof SYNC | typeof COLLEAGUE, id: string, name: string, value: string, at?: number): void => {
    const [record, should] = [table.find(id), expected.records.get(`contacts/${id}`)];
    if (!record || !should) return;
    portal.update(contacts, record, { [name]: value }, writer, at);
    const stored = valueOf(id, name);
    if (stored === undefined) delete should[name];
    else should[name] = stored;
    legitimate.add(`contacts/${id}/${name}`);
    damaged.delete(`contacts/${id}/${name}`);
  };

  const damage = (id: string, name: string, value: string): boolean => {
    const record = table.find(id);
    if (!record || (record.values[name] ?? '') === value) return false;
    portal.update(contacts, record, { [name]: value }, SYNC);
    damaged.add(`contacts/${id}/${name}`);
    legitimate.delete(`contacts/${id}/${name}`);
    return true;
  };

  const cutLink = (id: string): boolean => {
    const [company, types] = [...(portal.links.neighbours('contacts', id, 'companies') ?? [])][0] ?? [];
    if (company === undefined || !types) return false;
    for (const type of types) damaged.add(linkName('companies', company, type.inverse, 'contacts', id));
    portal.unlink('contacts', 'companies', undefined, id, company, SYNC);
    return true;
  };

  const duplicate = (id: string): void => {
    const { firstname = '', lastname = '' } = table.find(id)?.values ?? {};
    const copy = portal.create(contacts, { firstname, lastname, jobtitle: 'imported' }, SYNC);
    damaged.add(`contacts/${copy.id}`);
  };

  let turn = 0;
  const integration = await startIntegration(() => {
    // What the sync is there for: these writes must survive the rollback.
    turn += 1;
    edit(SYNC, original[(turn * 37) % original.length] ?? '', 'loyalty_points', String(1000 + turn));
  }, fixed?.syncPort);

  let damagedIds: readonly string[] = [];
  return {
    sandbox,
    integration,
    rightfulFields: ['loyalty_points'],
    goWrong() {
      const shuffled = random.shuffle(original);
      // Corrections made after the nightly snapshot: the base does not know them, and they must come back all the same. What has the very
      // time of the damage could not be told to be older.
      const earlier = portal.now() - 1;
      for (const id of shuffled.slice(0, 3)) edit(COLLEAGUE, id, 'firstname', `Renamed ${id.slice(-3)}`, earlier);
      const share = Math.max(4, Math.round(original.length * 0.05));
      const overwritten = shuffled.slice(0, share).filter((id) => damage(id, 'firstname', 'Valued Customer'));
      const emptied = shuffled.slice(Math.round(share / 2), share * 2).filter((id) => damage(id, 'phone', ''));
      damagedIds = [...new Set([...overwritten, ...emptied])];
      let linksCut = 0;
      for (const id of random.shuffle(original)) if (linksCut < share / 5 && cutLink(id)) linksCut += 1;
      const copies = shuffled.slice(-Math.max(2, Math.round(share / 8)));
      for (const id of copies) duplicate(id);
      return { overwritten: overwritten.length, emptied: emptied.length, linksCut, duplicates: copies.length };
    },
    colleagueWorks() {
      const before = legitimate.size;
      const few = Math.max(2, Math.round(damagedIds.length / 25));
      const some = random.shuffle(damagedIds);
      for (const id of some.slice(0, few)) edit(COLLEAGUE, id, 'firstname', `Corrected ${id.slice(-3)}`);
      for (const id of some.slice(few, 2 * few)) edit(COLLEAGUE, id, 'city', 'Springfield');
      for (const id of random.shuffle(original).slice(0, 3 * few)) edit(COLLEAGUE, id, 'jobtitle', `Head of ${id.slice(-2)}`);
      const values = { firstname: 'New', lastname: `Since ${String(before)}`, email: `new.${String(before)}@example.org` };
      const added = `contacts/${portal.create(contacts, values, COLLEAGUE).id}`;
      expected.records.set(added, { ...readTruth(sandbox, ['contacts']).records.get(added) });
      legitimate.add(added);
      return legitimate.size - before;
    },
    score: () => scoreTruth({ expected, actual: readTruth(sandbox, OBJECTS), damaged, legitimate }),
    async stop() {
      await integration.stop();
      await sandbox.stop();
    },
  };
}
