import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { RunbackError } from '../../src/lib/index.js';
import { parseYaml, workspaceSchema } from '../../src/workspace/index.js';
import { tries } from '../support/sweeps.js';

function refusal(text: string, schema: z.ZodType = workspaceSchema): RunbackError {
  try {
    parseYaml(text, 'runback.yml', schema);
  } catch (error) {
    if (error instanceof RunbackError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a person who mistypes is told where, what, and what was meant', () => {
  const cases: [name: string, text: string, parts: string[]][] = [
    [
      'wrong key',
      'version: 1\nplatfroms: {}\n',
      [
        'runback.yml:2:1: unknown key "platfroms", did you mean "platforms"?',
        '2 | platfroms: {}',
        '| ^',
        'expected one of version, store, platforms',
      ],
    ],
    ['wrong type', 'version: 1\nplatforms: [a]\n', ['runback.yml:2:12: "platforms" is a list', 'expected keys with values']],
    [
      'wrong value',
      'version: 1\nplatforms:\n  crm: { connector: hubspot, environment: prodution }\n',
      ['runback.yml:3:43:', 'did you mean "production"?'],
    ],
    [
      'missing key',
      'version: 1\nplatforms:\n  crm: { connector: hubspot }\n',
      ['runback.yml:3:3: "environment" is missing', 'expected one of production, staging, sandbox'],
    ],
    ['missing version', 'platforms: {}\n', ['runback.yml:1:1: "version" is missing']],
    ['duplicate key', 'version: 1\nsyncs: {}\nsyncs: {}\n', ['runback.yml:3:1: the key "syncs" is here twice', 'the first is on line 2']],
    ['tab', 'version: 1\nplatforms:\n\tcrm: {}\n', ['runback.yml:3:1: there is a tab where YAML needs spaces', 'expected spaces']],
    ['not closed', 'version: 1\nplatforms: { crm: [\n', ['runback.yml:3:1:']],
    ['alias', 'version: 1\nplatforms: &a {}\nsyncs: *a\n', ['runback.yml:3:8: the alias *a is not allowed']],
    ['two documents', 'version: 1\n---\nversion: 1\n', ['runback.yml:2:1:']],
    ['unknown tag', 'version: 1\nsyncs: !!js/function "x"\n', ['runback.yml:2:8:']],
    ['a list as key', 'version: 1\nplatforms: { [a]: 1 }\n', ['runback.yml:2:14: a list or group cannot be a key']],
    [
      'wrong name',
      'version: 1\nplatforms:\n  "../x": { connector: hubspot, environment: sandbox }\n',
      ['runback.yml:3:3: "../x" cannot be a name here'],
    ],
    ['wrong duration', 'version: 1\nrestores: { plan_max_age: soon }\n', ['runback.yml:2:27: "plan_max_age" does not have the right format', '30s']],
    ['too large', 'version: 1\nrestores: { limits: { percent: 300 } }\n', ['runback.yml:2:32: "percent" does not fit', 'expected at most 100']],
    ['empty', '', ['runback.yml:1:1: the file is empty']],
    ['next version', 'version: 2\n', ['runback.yml:1:10: "version" cannot be 2', 'expected 1']],
  ];
  test.each(cases)('%s', (_, text, parts) => {
    const error = refusal(text);
    expect(error.code).toBe('file-invalid');
    expect(error.exitCode).toBe(65);
    expect(error.state).toBe('Nothing was started.');
    for (const part of parts) expect(error.message).toContain(part);
  });

  test('all problems of a file at once', () => {
    const error = refusal('version: 1\nplatfroms: {}\nsyncs:\n  a: { controler: http, writes_to: [] }\n');
    expect(error.message.match(/runback\.yml:\d+:\d+/g)).toHaveLength(3);
    expect(error.data['problems']).toHaveLength(3);
  });
});

describe('what is wide is not deep', () => {
  const keys = Array.from({ length: 300 }, (_, n) => `k${n}: ${n}`);
  test.each<[string, string]>([
    ['many keys on one line', `syncs: { ${keys.join(', ')} }`],
    ['many of them below each other in braces', `syncs: {\n${keys.map((key) => `  ${key}`).join(',\n')} }`],
    ['many elements of one key', `syncs: [${keys.map((key) => `{ ${key} }`).join(', ')}]`],
    ['a long file with CRLF', keys.join('\r\n')],
  ])('%s', (_, text) => {
    expect(() => parseYaml(text, 'x.yml', z.record(z.string(), z.unknown()))).not.toThrow();
  });
});

describe('hostile input is refused quickly (G26)', () => {
  const bombs: [name: string, text: string][] = [
    ['10 MB of keys that never end, in braces', `{${'a: '.repeat(3_000_000)}}`],
    ['10 MB of brackets', '['.repeat(10_000_000)],
    ['10 MB of braces', '{a: '.repeat(2_500_000)],
    ['10 MB of list marks', '- '.repeat(5_000_000)],
    ['10 MB of question marks', '? '.repeat(5_000_000)],
    ['10 MB of indentation', Array.from({ length: 4400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['1 MB of keys', Array.from({ length: 90_000 }, (_, n) => `k${n}: 1`).join('\n')],
    ['half a MB of one key', 'a: 1\n'.repeat(100_000)],
    ['10 MB of text', `a: ${'x'.repeat(10_000_000)}`],
    ['10 MB of quotes', '"'.repeat(10_000_000)],
    ['10 MB of tags', '!a '.repeat(3_000_000)],
    ['10 MB of anchors', '&a '.repeat(3_000_000)],
    ['an alias bomb', `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 20 }, (_, n) => `b${n}: &b${n} [*a,*a,*a,*a,*a,*a,*a,*a]`).join('\n')}`],
    ['a circle', '&a [*a]'],
    ['nulls', '\u0000'.repeat(1_000_000)],
  ];
  test.each(bombs)('%s', (_, text) => {
    const before = process.cpuUsage();
    const error = refusal(text);
    expect(error.code).toBe('file-invalid');
    expect(error.message).toMatch(/runback\.yml:\d+:\d+: /);
    expect(error.message.length).toBeLessThan(20_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(30_000);
  });
});

const yamlish = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        'version: 1\n',
        'platforms:',
        '\n',
        '  ',
        '\t',
        '- ',
        '? ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '"',
        "'",
        '|\n',
        '>-\n',
        '&a ',
        '*a',
        '!!x ',
        '#',
        '---\n',
        '...\n',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
  fc.json().map((text) => `version: 1\nplatforms: ${text}\n`),
  fc.json({ maxDepth: 6 }),
);

test('any text is either a workspace or told where it is wrong: no crash, no hang (G26)', () => {
  const outcome = (text: string): string => {
    try {
      parseYaml(text, 'runback.yml', workspaceSchema);
      return 'accepted';
    } catch (error) {
      return error instanceof RunbackError ? error.message : `not ours: ${String(error)}`;
    }
  };
  fc.assert(
    fc.property(yamlish, (text) => {
      expect(outcome(text)).toMatch(/^accepted$|runback\.yml:\d+:\d+: /);
    }),
    { numRuns: tries(3000) },
  );
});

test('what was found is where the file says it is', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue(), { maxKeys: 5 }), (data) => {
      const text = JSON.stringify(data, undefined, 2);
      // A name that is refused wherever it stands.
      fc.pre(!text.includes('"__proto__"'));
      const file = parseYaml(text, 'x.yml', z.record(z.string(), z.unknown()));
      const lines = text.split('\n');
      for (const [name, value] of Object.entries(data)) {
        const { line, column } = file.at([name]);
        expect(lines[line - 1]?.charAt(column - 1)).toBe(JSON.stringify(value).charAt(0));
      }
    }),
  );
});
