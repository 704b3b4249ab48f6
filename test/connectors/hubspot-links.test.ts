import { afterEach, describe, expect, it } from 'vitest';

import type { Link, LinkSchema } from '../../src/records/index.js';
import { all, type Bench, openBench, people, seed } from './hubspot-support.js';

let bench: Bench;
afterEach(() => bench.stop());

const IMPORT = { source: { type: 'IMPORT', id: '77' } };
const named = (count: number, name: string): readonly Readonly<Record<string, string>>[] =>
  Array.from({ length: count }, (_, n) => ({ [name]: `N ${String(n)}` }));

function tie(from: string, to: string, typeId: number, category: 'HUBSPOT_DEFINED' | 'USER_DEFINED', ids: readonly [string, string]): void {
  const { portal } = bench.sandbox;
  portal.link(portal.links.type(from, to, category, typeId), ids[0], ids[1], IMPORT);
}

async function links(
  link: LinkSchema,
  limit: { readonly fromKeys?: readonly string[]; readonly toKeys?: readonly string[] } = {},
): Promise<readonly string[]> {
  return (await all(bench.connector.readLinks({ link, ...limit }))).flat().map(text).sort();
}
const text = (link: Link): string => `${link.from}~${link.to}`;

/** 30 contacts at 3 companies, every tenth of them also a former employee, and primary for even ones. */
function office(): { readonly contacts: readonly string[]; readonly companies: readonly string[] } {
  const contacts = seed(bench.sandbox, 'contacts', people(30));
  const companies = seed(bench.sandbox, 'companies', named(3, 'name'));
  for (const [n, contact] of contacts.entries()) {
    const company = companies[n % 3] ?? '';
    tie('contacts', 'companies', 279, 'HUBSPOT_DEFINED', [contact, company]);
    if (n % 2 === 0) tie('contacts', 'companies', 1, 'HUBSPOT_DEFINED', [contact, company]);
    if (n % 10 === 0) tie('contacts', 'companies', 35, 'USER_DEFINED', [contact, company]);
  }
  return { contacts, companies };
}

describe('links', () => {
  it('describes every kind with its label', async () => {
    bench = await openBench();
    const described = (await bench.connector.describe(['contacts', 'companies'])).links;
    expect(described).toEqual(
      expect.arrayContaining([
        { kind: 'HUBSPOT_DEFINED-279', from: 'contacts', to: 'companies' },
        { kind: 'HUBSPOT_DEFINED-1', from: 'contacts', to: 'companies', label: 'Primary', onePer: 'from' },
        { kind: 'USER_DEFINED-35', from: 'contacts', to: 'companies', label: 'Former employee' },
      ]),
    );
    expect(described.filter((link) => link.from === 'companies' && link.to === 'contacts')).toEqual([]);
  });

  it('gives the same links whichever side they are read from, labels with two names included', async () => {
    bench = await openBench({ account: { firstCompanyIsPrimary: false } });
    const { contacts, companies } = office();
    for (const [kind, every] of [
      ['HUBSPOT_DEFINED-279', 1],
      ['HUBSPOT_DEFINED-1', 2],
      ['USER_DEFINED-35', 10],
    ] as const) {
      const link = await bench.link('contacts', 'companies', kind);
      const expected = contacts.flatMap((contact, n) => (n % every === 0 ? [`${contact}~${companies[n % 3] ?? ''}`] : [])).sort();
      expect(await links(link)).toEqual(expected);
      expect(await links(link, { fromKeys: contacts })).toEqual(expected);
      expect(await links(link, { toKeys: companies })).toEqual(expected);
      expect(await links(link, { fromKeys: contacts.slice(0, 5), toKeys: companies.slice(0, 1) })).toEqual(
        expected.filter((one) => contacts.slice(0, 5).some((key) => one.startsWith(key)) || one.endsWith(`~${companies[0] ?? ''}`)),
      );
    }
  });

  it('asks once for all kinds of a pair, from the side with fewer records, while one read lasts', async () => {
    bench = await openBench();
    const contacts = seed(bench.sandbox, 'contacts', people(3100));
    const companies = seed(bench.sandbox, 'companies', named(20, 'name'));
    for (const [n, contact] of contacts.entries())
      tie('contacts', 'companies', n % 100 === 0 ? 35 : 1, n % 100 === 0 ? 'USER_DEFINED' : 'HUBSPOT_DEFINED', [contact, companies[n % 20] ?? '']);
    const { objects, links: kinds } = await bench.connector.describe(['contacts', 'companies']);
    await bench.connector.beginRead?.();
    for (const schema of objects) await all(bench.connector.read({ schema }));
    bench.sandbox.resetCounts();
    const found = new Map<string, number>();
    for (const link of kinds.filter((one) => one.from === 'contacts' && one.to === 'companies')) found.set(link.kind, (await links(link)).length);
    await bench.connector.endRead?.();
    expect(found.get('HUBSPOT_DEFINED-279')).toBe(3100);
    expect(found.get('USER_DEFINED-35')).toBe(31);
    // One batch from the companies' side, and one look at the labelled ones from the other.
    expect(bench.sandbox.counts().requests).toBe(2);
  });

  it('asks once for both ends of links within one object type, and still tells which end is which', async () => {
    bench = await openBench();
    const companies = seed(bench.sandbox, 'companies', named(4, 'name'));
    const [a = '', b = '', c = ''] = companies;
    tie('companies', 'companies', 14, 'HUBSPOT_DEFINED', [a, b]);
    tie('companies', 'companies', 14, 'HUBSPOT_DEFINED', [b, c]);
    const child = await bench.link('companies', 'companies', 'HUBSPOT_DEFINED-14');
    const alone = { from: await links(child, { fromKeys: [b] }), to: await links(child, { toKeys: [b] }) };
    await bench.connector.beginRead?.();
    bench.sandbox.resetCounts();
    expect(await links(child, { fromKeys: companies })).toEqual([`${a}~${b}`, `${b}~${c}`].sort());
    expect(await links(child, { toKeys: companies })).toEqual([`${a}~${b}`, `${b}~${c}`].sort());
    const asked = bench.sandbox.counts().requests;
    expect({ from: await links(child, { fromKeys: [b] }), to: await links(child, { toKeys: [b] }) }).toEqual(alone);
    await bench.connector.endRead?.();
    expect(alone).toEqual({ from: [`${b}~${c}`], to: [`${a}~${b}`] });
    expect(asked).toBe(1);
  });

  it('follows the pages of a record with many links', async () => {
    bench = await openBench({ associationPageSize: 7 });
    const [company = ''] = seed(bench.sandbox, 'companies', named(1, 'name'));
    const contacts = seed(bench.sandbox, 'contacts', people(40));
    for (const contact of contacts) tie('contacts', 'companies', 279, 'HUBSPOT_DEFINED', [contact, company]);
    expect(await links(await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-279'), { toKeys: [company] })).toHaveLength(40);
  });

  it('makes and cuts links, and tells which pair could not be made although HubSpot does not', async () => {
    bench = await openBench();
    const { contacts, companies } = office();
    const link = await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-279');
    const [a = '', b = ''] = contacts;
    const pairs = [
      [a, companies[1] ?? ''],
      [a, '999999999999'],
      [b, companies[2] ?? ''],
    ] as const;
    const made = await bench.connector.write(pairs.map(([from, to]) => ({ action: 'link', link, from, to })));
    expect(made.map((result) => result.status)).toEqual(['applied', 'rejected', 'applied']);
    const before = await links(link);
    const cut = await bench.connector.write([{ action: 'unlink', link, from: a, to: companies[1] ?? '' }]);
    expect(cut).toEqual([{ status: 'applied', key: a }]);
    expect(await links(link)).toEqual(before.filter((one) => one !== `${a}~${companies[1] ?? ''}`));
  });

  it('refuses links of a label that is gone at once, instead of trying them pair by pair', async () => {
    bench = await openBench();
    const { contacts, companies } = office();
    const link: LinkSchema = { kind: 'USER_DEFINED-4711', from: 'contacts', to: 'companies' };
    bench.sandbox.resetCounts();
    const results = await bench.connector.write(contacts.map((from) => ({ action: 'link', link, from, to: companies[0] ?? '' })));
    expect(contacts).not.toEqual([]);
    expect(results).toMatchObject(contacts.map(() => ({ status: 'rejected', reason: 'field-removed' })));
    expect(bench.sandbox.counts().requests).toBe(1);
  });

  it('calls links in doubt when the answer is lost', async () => {
    bench = await openBench();
    const { contacts, companies } = office();
    const link = await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-279');
    bench.sandbox.faults.add({ kind: 'drop-answer', path: '*batch/create' });
    expect(await bench.connector.write([{ action: 'link', link, from: contacts[0] ?? '', to: companies[1] ?? '' }])).toMatchObject([
      { status: 'in_doubt' },
    ]);
  });
});
