import type { HubSpotSandbox, SalesforceSandbox, Sandbox, TrueWriter, Who, WrittenValues } from '../../sandbox/index.js';
import type { KeptTruth } from '../../stages/index.js';

/** What both sides hold of a person; `own`: something that no sync carries. */
export type Field = 'title' | 'city' | 'phone' | 'family' | 'own';

/** One side of the integration, and how it names things. */
export interface Side {
  /** Name of the platform in runback.yml. */
  readonly name: 'hubspot' | 'crm';
  readonly sandbox: Sandbox;
  readonly people: string;
  readonly firms: string;
  readonly email: string;
  readonly firmName: string;
  readonly fields: Readonly<Record<Field, string>>;
  readonly sync: Who;
  readonly person: Who;
  /** Ties a person to a firm, in the place of any other. */
  tie(writer: TrueWriter, person: string, firm: string): void;
  /** Deletes a person past what the platform could bring back. */
  deleteForEver(person: string): void;
}

export function hubspotSide(sandbox: HubSpotSandbox, sync: Who): Side {
  const firmsOf = (person: string): readonly string[] =>
    [...sandbox.truth().links()].flatMap(({ from, fromObject, to, toObject }) =>
      fromObject === 'contacts' && toObject === 'companies' && from === person ? [to] : [],
    );
  return {
    name: 'hubspot',
    sandbox,
    people: 'contacts',
    firms: 'companies',
    email: 'email',
    firmName: 'name',
    fields: { title: 'jobtitle', city: 'city', phone: 'phone', family: 'lastname', own: 'company' },
    sync,
    person: { kind: 'person', id: '4711' },
    tie: (writer, person, firm) => {
      for (const other of firmsOf(person)) writer.unlink('contacts', person, 'companies', other);
      writer.link('contacts', person, 'companies', firm);
    },
    // No API brings back what was deleted here.
    deleteForEver: (person) => {
      sandbox.writeAs(sync).remove('contacts', person);
    },
  };
}

export function salesforceSide(sandbox: SalesforceSandbox, sync: Who): Side {
  return {
    name: 'crm',
    sandbox,
    people: 'Contact',
    firms: 'Account',
    email: 'Email',
    firmName: 'Name',
    fields: { title: 'Title', city: 'MailingCity', phone: 'Phone', family: 'LastName', own: 'Department' },
    sync,
    person: { kind: 'person', id: '9' },
    tie: (writer, person, firm) => {
      writer.update('Contact', person, { AccountId: firm });
    },
    deleteForEver: (person) => {
      const writer = sandbox.writeAs(sync);
      writer.remove('Contact', person);
      writer.purge(person);
    },
  };
}

/** Values under the names that a side has for them. */
export function named({ fields }: Side, values: Readonly<Partial<Record<Field, string>>>): WrittenValues {
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [fields[field as Field], value]));
}

/** Key of each person, by address. */
export function peopleOf({ sandbox, people, email }: Side): ReadonlyMap<string, string> {
  return new Map([...sandbox.truth().records(people)].map(({ key, values }) => [values[email] ?? '', key]));
}

/** Key of each firm, by name. */
export function firmsOf({ sandbox, firms, firmName }: Side): ReadonlyMap<string, string> {
  return new Map([...sandbox.truth().records(firms)].map(({ key, values }) => [values[firmName] ?? '', key]));
}

/** What a side holds, named by addresses and firms instead of keys: a record that comes back under another key is the same person. */
export function truthOf(side: Side): KeptTruth {
  const { sandbox, people, firms, email, firmName, fields, name } = side;
  const truth = sandbox.truth();
  const records = new Map<string, Record<string, string>>();
  const known = new Map<string, string>();
  for (const { key, values } of truth.records(people)) {
    const id = `${name}/${values[email] ?? ''}`;
    // Of two with one address, the second is one too many.
    const one = records.has(id) ? `${id} again` : id;
    known.set(key, one);
    records.set(one, Object.fromEntries(Object.entries(fields).map(([field, own]) => [field, values[own] ?? ''])));
  }
  const firmOf = new Map([...truth.records(firms)].map(({ key, values }) => [key, values[firmName] ?? '']));
  const links = new Set<string>();
  for (const { fromObject, from, toObject, to } of truth.links()) {
    const [person, firm] = fromObject === people && toObject === firms ? [from, to] : fromObject === firms && toObject === people ? [to, from] : [];
    if (person !== undefined && firm !== undefined) links.add(`${known.get(person) ?? person} at ${firmOf.get(firm) ?? firm}`);
  }
  return { records, links };
}
