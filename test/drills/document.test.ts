import { expect, it } from 'vitest';

import { parseDrill } from '../../src/drills/document/load.js';

const drill = (fault: string): string =>
  `version: 1\nid: a-drill\ntitle: A drill\nwhere: { local: [hubspot] }\nfault:\n${fault}runbook: mass-overwrite\n`;

it.each([
  ['an unknown kind', '  kind: overwritten\n  object: contacts\n  field: city\n', /6:/u],
  ['an unknown parameter', '  kind: shift-dates\n  object: deals\n  field: closedate\n  day: 2\n', /9:3[\s\S]*days/u],
  ['a wrong type', '  kind: multiply\n  object: deals\n  field: amount\n  factor: many\n', /9:11/u],
])('says where %s is', (_, fault, message) => {
  let said = '';
  try {
    parseDrill(drill(fault), 'drills/a-drill.yml');
  } catch (error) {
    said = JSON.stringify(error, Object.getOwnPropertyNames(error));
  }
  expect(said).toMatch(message);
});

it.each([
  ['fault: { kind: empty, object: contacts, field: city }', /cannot be \\"empty\\".*one of .*empty-values/u],
  ['disturb: [{ at: apply, with: lost-key }]', /no key where nothing is encrypted/u],
  ['backup: { key: gone }', /no key where nothing is encrypted/u],
  ['backup: { encrypted: true, key: gone }\ndisturb: [{ at: apply, with: lost-key }]', /cannot be lost again/u],
])('%s is refused, and says why', (part, message) => {
  const fault = part.startsWith('fault') ? '' : 'fault: { kind: empty-values, object: contacts, field: city, share: 0.1 }\n';
  const text = `version: 1\nid: a-drill\ntitle: A drill\nwhere: { local: [hubspot] }\n${fault}runbook: mass-overwrite\n${part}\n`;
  let said = '';
  try {
    parseDrill(text, 'drills/a-drill.yml');
  } catch (error) {
    said = JSON.stringify(error, Object.getOwnPropertyNames(error));
  }
  expect(said).toMatch(message);
});
