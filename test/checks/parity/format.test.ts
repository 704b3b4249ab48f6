import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { parseParity, paritySchema } from '../../../src/checks/index.js';
import { isRunbackError } from '../../../src/lib/index.js';
import type { WorkspaceConfig } from '../../../src/workspace/index.js';

// A user would lose: an hour with a file that is wrong somewhere, or a check that compares something else than meant.

const platform = (name: string, connector: string, environment: string) => ({
  name,
  connector,
  environment,
  credentials: {},
  limits: {},
  options: {},
});
const config = {
  platforms: {
    crm: platform('crm', 'hubspot', 'production'),
    'crm-sandbox': platform('crm-sandbox', 'hubspot', 'sandbox'),
    warehouse: platform('warehouse', 'postgres', 'production'),
  },
} as unknown as WorkspaceConfig;

const file = (check: string): string => `version: 1\nchecks:\n  crm:\n${check.replaceAll(/^/gmu, '    ')}\n`;
const PAIR = 'test: crm-sandbox\nproduction: crm\n';

/** Every problem as `line:column message`. */
function problems(text: string): readonly string[] {
  try {
    parseParity(text, 'parity.yml', config);
    return [];
  } catch (error) {
    if (!isRunbackError(error, 'file-invalid')) throw error;
    return (
      error.data['problems'] as readonly { readonly line: number; readonly column: number; readonly message: string; readonly expected?: string }[]
    ).map(({ line, column, message, expected }) => `${line}:${column} ${message}; ${expected ?? ''}`);
  }
}

describe('parity.yml', () => {
  it('needs no more than the two platforms: everything is compared, and a leak is looked for for five minutes', () => {
    expect(parseParity(file(PAIR), 'parity.yml', config)).toEqual([
      {
        name: 'crm',
        test: 'crm-sandbox',
        production: 'crm',
        areas: [
          'fields',
          'options',
          'record-types',
          'validation-rules',
          'pipelines',
          'scopes',
          'permissions',
          'limits',
          'automations',
          'lists',
          'forms',
        ],
        accepted: [],
        leak: { settle: '5m' },
      },
    ]);
  });

  const wrong: readonly (readonly [string, string, readonly (string | RegExp)[]])[] = [
    ['a platform that is not there', 'test: crm-sandbx\nproduction: crm', [/^4:11 runback\.yml has no platform crm-sandbx.*crm-sandbox/u]],
    ['production as a test environment', 'test: crm\nproduction: crm', [/^4:11 crm is production, and a marker would be written there/u]],
    ['no production as production', 'test: crm-sandbox\nproduction: crm-sandbox', [/^5:17 crm-sandbox is sandbox/u]],
    ['platforms of two kinds', 'test: crm-sandbox\nproduction: warehouse', [/^5:17 warehouse is postgres and crm-sandbox is hubspot/u]],
    ['an area that is none', `${PAIR}areas: [fields, pipeline]`, [/^6:21 .*pipelines/u]],
    [
      'an item of no area',
      `${PAIR}accepted:\n  - { item: field/contacts.a, reason: so it is, until: 2027-01-31 }`,
      [/^7:17 .*an item as the check names it/u],
    ],
    ['no reason', `${PAIR}accepted:\n  - { item: fields/contacts.a, until: 2027-01-31 }`, [/reason/u]],
    ['no end', `${PAIR}accepted:\n  - { item: fields/contacts.a, reason: so it is }`, [/until/u]],
    ['a day that is none', `${PAIR}accepted:\n  - { item: fields/contacts.a, reason: so it is, until: 2027-02-30 }`, [/^7:61 2027-02-30 is no day/u]],
    ['another word', `${PAIR}leek: off`, [/leek.*leak/u]],
    ['a production that a leak is looked for in and that is none', `${PAIR}leak: { look_in: [crm-sandbox] }`, [/^6:23 crm-sandbox is sandbox/u]],
    ['a field without an object type', `${PAIR}leak: { mark: [jobtitle] }`, [/^6:20 .*object type and a field/u]],
  ];
  it.each(wrong)('says where it is wrong: %s', (_, check, expected) => {
    const found = problems(file(check));
    expect(found).toHaveLength(expected.length);
    for (const [i, each] of expected.entries()) expect(found[i]).toMatch(each);
  });

  it('has a schema for editors, which is that of the code', async () => {
    const published = JSON.parse(await readFile(fileURLToPath(new URL('../../../schemas/parity.schema.json', import.meta.url)), 'utf8')) as {
      readonly properties: { readonly checks: { readonly additionalProperties: { readonly properties: object } } };
    };
    const { checks } = paritySchema.shape;
    expect(Object.keys(published.properties.checks.additionalProperties.properties)).toEqual(Object.keys(checks.valueType.shape));
  });
});
