import { describe, expect, it } from 'vitest';

import { underOldKeys } from '../../src/drills/rehearsal/recreated.js';
import type { KeptTruth } from '../../src/stages/index.js';

const truth = (records: Readonly<Record<string, Record<string, string>>>, links: readonly string[] = []): KeptTruth => ({
  records: new Map(Object.entries(records)),
  links: new Set(links),
});

describe('records that were created again', () => {
  it('count under the key they had before, and so do their links', () => {
    const expected = truth(
      { 'people/1': { mail: 'a@example.com', city: 'Bonn' }, 'people/2': { mail: 'b@example.com', city: 'Bonn' }, 'firms/9': { name: 'Nine' } },
      ['people/1 works firms/9'],
    );
    const actual = truth(
      { 'people/77': { mail: 'b@example.com', city: 'Bonn' }, 'people/78': { mail: 'a@example.com', city: 'Bonn' }, 'firms/9': { name: 'Nine' } },
      ['people/78 works firms/9'],
    );
    const found = underOldKeys(expected, actual);
    expect([...found.records.keys()].sort()).toEqual(['firms/9', 'people/1', 'people/2']);
    expect([...found.links]).toEqual(['people/1 works firms/9']);
  });

  it('one that nothing says is the same stays what it is: superfluous', () => {
    const expected = truth({ 'people/1': { mail: 'a@example.com' } });
    expect([...underOldKeys(expected, truth({ 'people/5': { mail: 'z@example.com' } })).records.keys()]).toEqual(['people/5']);
  });

  it('a second copy of the same record is not taken for it', () => {
    const expected = truth({ 'people/1': { mail: 'a@example.com' } });
    const twice = truth({ 'people/5': { mail: 'a@example.com' }, 'people/6': { mail: 'a@example.com' } });
    expect([...underOldKeys(expected, twice).records.keys()].sort()).toEqual(['people/1', 'people/6']);
  });

  it('a value that everybody has tells nobody apart', () => {
    const missing = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`people/${i}`, { city: 'Bonn' }]));
    expect([...underOldKeys(truth(missing), truth({ 'people/90': { city: 'Bonn' } })).records.keys()]).toEqual(['people/90']);
  });
});
