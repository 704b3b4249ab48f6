import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { parseTest, testSchema } from '../../src/checks/index.js';
import { isRunbackError } from '../../src/lib/index.js';

const GOOD = `version: 1
id: signups
title: Many people sign up
load:
  submit: { url: https://staging.example.com/signup, environment: staging, json: { email: "{address}", name: "{mark}" } }
  count: 350
  at_once: true
arrives:
  - { in: crm/contacts, address: email, mark: lastname }
  - { in: warehouse/public.leads, address: email, mark: last_name }
expect: { order: [crm/contacts, warehouse/public.leads] }
`;

const problemsOf = (text: string): string => {
  try {
    parseTest(text, 'tests/signups.yml');
  } catch (error) {
    if (isRunbackError(error, 'file-invalid')) return `${error.message}\n${error.why ?? ''}\n${JSON.stringify(error.data)}`;
    throw error;
  }
  return '';
};

describe('the file of a test', () => {
  it('is read with what it leaves out filled in', () => {
    const { document } = parseTest(GOOD, 'tests/signups.yml');
    expect(document).toMatchObject({
      settle: '10s',
      load: { same_person_twice: '0%', addresses: 'example.com' },
      expect: { within: '10m', lost: 0, unknown: 0 },
    });
  });

  it.each([
    ['at_once: true', 'over: 30s\n  at_once: true', 'at_once or over'],
    ['  at_once: true\n', '', 'how fast they come is missing'],
    ['"{mark}"', '"x"', '{mark} is nowhere in the body'],
    ['"{address}"', '"x"', '{address} is nowhere in the body'],
    ['environment: staging', 'environment: production', 'sandbox'],
    ['warehouse/public.leads]', 'warehouse/public.lead]', 'nothing arrives in warehouse/public.lead'],
    ['in: warehouse/public.leads', 'in: crm/contacts', 'named twice'],
    ['in: crm/contacts', 'in: contacts', 'crm/contacts'],
    ['https://staging.example.com/signup', 'ftp://staging.example.com', 'address'],
    ['count: 350', 'count: 35000', '2000'],
    ['json:', 'jsn:', 'json'],
    ['at_once: true', 'at_once: true\n  same_person_twice: 60%', '50%'],
  ])('%s → %s is refused, and it says what is wrong', (good, bad, said) => {
    expect(GOOD).toContain(good);
    expect(problemsOf(GOOD.replace(good, bad))).toContain(said);
  });

  it('has the schema that is published for editors', async () => {
    const published = JSON.parse(await readFile(new URL('../../schemas/test.schema.json', import.meta.url), 'utf8')) as Record<string, unknown>;
    const { $schema: _, ...made } = z.toJSONSchema(testSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any', reused: 'inline' });
    expect(published).toMatchObject(JSON.parse(JSON.stringify(made)) as object);
  });
});
