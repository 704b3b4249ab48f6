// Writes what is derived from the code: the JSON Schemas for editors, the table of error codes and the page of
// commands. Needs the build. With --check nothing is written and the exit status is 1 where a file is not what the code
// says.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { GLOBAL_FLAGS } from '../dist/cli/shell/help.js';
import { loadCommands } from '../dist/cli/shell/loaders.js';
import { NOUNS } from '../dist/cli/shell/nouns.js';
import { escalationSchema } from '../dist/escalation/index.js';
import { ERROR_CODES, EXIT } from '../dist/lib/index.js';
import { workspaceSchema } from '../dist/workspace/index.js';

const runbooks = await import('../dist/runbooks/index.js');
const { descriptionForm } = await import('../dist/connectors/rest/description/form.js');
const { controllerForm } = await import('../dist/syncs/descriptions/form.js');
const investigations = await import('../dist/investigations/index.js');
const drills = await import('../dist/drills/index.js');
const { rehearsalSchema } = await import('../dist/stages/index.js');
const { paritySchema } = await import('../dist/checks/index.js');
const root = fileURLToPath(new URL('..', import.meta.url));
const checking = process.argv.includes('--check');

/** Name of the schema file, title, schema. A folder adds its format by exporting its zod schema. */
const FORMATS = [
  ['workspace', 'runback.yml', workspaceSchema],
  ['runbook', 'A runbook of runback', runbooks.runbookSchema],
  ['escalation', 'escalation.yml', escalationSchema],
  ['description', 'A platform told about by a file, for connector: rest', descriptionForm],
  ['controller', 'A controller of syncs told about by a file', controllerForm],
  ['drill', 'A drill of runback', drills.drillSchema],
  ['rehearsal', 'What `runback restore rehearse --json` gives as data', rehearsalSchema],
  ['investigation', 'An investigation of runback: `data` of `investigate --json`', investigations.investigationSchema],
  ['groups', 'An answers file for the groups of an investigation', investigations.groupAnswersSchema],
  ['parity', 'parity.yml', paritySchema],
];

function jsonSchema(title, schema) {
  // Draft 7 is what the YAML extensions of editors understand; `input` is what a person writes, before defaults.
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any', reused: 'inline' });
  return `${JSON.stringify({ $schema, title, ...rest }, undefined, 2)}\n`;
}

const MEANINGS = {
  done: 'done',
  failed: 'failed',
  differences: 'differences or drift found',
  partial: 'partly done; resume is possible',
  credentials: 'credentials or permission',
  personNeeded: 'a person is needed',
  refused: 'refused by a guard',
  notFound: 'not found',
  locked: 'locked by another run',
  usage: 'wrong usage',
  badFile: 'bad file',
  interrupted: 'interrupted',
};

function errorTable() {
  const codes = Object.entries(ERROR_CODES).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '# Errors',
    '',
    'Generated from `src/lib/errors.ts` by `npm run schemas`. Codes are permanent: scripts may match on them.',
    '',
    '## Exit statuses',
    '',
    '| status | meaning |',
    '| --- | --- |',
    ...Object.entries(EXIT).map(([name, status]) => `| ${status} | ${MEANINGS[name]} |`),
    '',
    '## Codes',
    '',
    '| code | exit | when |',
    '| --- | --- | --- |',
    ...codes.map(([code, { exit, when }]) => `| \`${code}\` | ${exit} | ${when} |`),
    '',
  ].join('\n');
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '\\<');

/** One command: how it is called, what it does, what may be given, lines that work. */
function commandSection(noun, { verb, summary, details, args = [], options = [], examples = [] }) {
  const name = ['runback', noun, ...(verb === undefined ? [] : [verb])].join(' ');
  const words = args.map((arg) => `${arg.optional ? '[' : '<'}${arg.name}${arg.variadic ? '...' : ''}${arg.optional ? ']' : '>'}`);
  const given = [
    ...args.map(({ name: arg, description, choices }) => [arg, description, choices]),
    ...options.map(({ flags, description, choices, required }) => [flags, required ? `${description}; has to be given` : description, choices]),
  ];
  return [
    `### ${name}`,
    '',
    `${summary}.${details === undefined ? '' : ` ${cell(details)}`}`,
    '',
    '```sh',
    [name, ...words, ...(options.length === 0 ? [] : ['[options]'])].join(' '),
    ...examples.map((example) => `# ${example}`),
    '```',
    '',
    ...(given.length === 0 ? [] : ['| given | what it says |', '| --- | --- |']),
    ...given.map(
      ([what, says, choices]) => `| \`${what.replaceAll('|', '\\|')}\` | ${cell(says)}${choices === undefined ? '' : ` (${choices.join(', ')})`} |`,
    ),
    ...(given.length === 0 ? [] : ['']),
  ];
}

async function commandPage() {
  const nouns = await Promise.all(
    NOUNS.map(async ({ name, summary, verbs }) => [
      `## ${name}`,
      '',
      ...(verbs.length === 0 ? [] : [`${summary}.`, '']),
      ...(await loadCommands(name)).flatMap((spec) => commandSection(name, spec)),
    ]),
  );
  return [
    '# Commands',
    '',
    'Generated from `src/cli/commands` by `npm run schemas`; `runback <noun> <verb> --help` says the same in the terminal. Lines that begin with # are examples.',
    '',
    '## Options everywhere',
    '',
    '| option | what it says |',
    '| --- | --- |',
    ...GLOBAL_FLAGS.map(([flags, says]) => `| \`${flags}\` | ${cell(says)} |`),
    '',
    ...nouns.flat(),
  ].join('\n');
}

const files = [
  ...FORMATS.filter(([, , schema]) => schema !== undefined).map(([name, title, schema]) => [
    `schemas/${name}.schema.json`,
    jsonSchema(title, schema),
  ]),
  ['docs/errors.md', errorTable()],
  ['docs/commands.md', `${(await commandPage()).trimEnd()}\n`],
];

let stale = 0;
for (const [name, content] of files) {
  const path = `${root}${name}`;
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present === content) continue;
  if (checking) {
    stale += 1;
    console.error(`${name} is ${present === undefined ? 'missing' : 'not what the code says'}: run npm run schemas`);
  } else {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    console.log(`wrote ${name}`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
