// The work of `mapping lint` beside reading the descriptions: 500 fields in ten mappings, a circle through all of them.
import { lintMappings, parseMapping } from '../../dist/mappings/index.js';
import { median } from '../support.mjs';

const FIELDS = 500;
const PER_MAPPING = 50;
const REACH_MS = 100;

/** Object types `t0` to `t9` of two platforms; a field of every type, over and over. */
function schemaOf(object) {
  const base = { platformType: 'text', readOnly: false };
  const options = Array.from({ length: 20 }, (_, n) => `Option ${n}`);
  const fields = Array.from({ length: PER_MAPPING }, (_, n) => {
    const name = `f${n}`;
    const kinds = [
      { type: 'string', maxLength: 255 },
      { type: 'string', maxLength: 40 },
      { type: 'enum', options },
      { type: 'set', options },
      { type: 'number', platformType: 'numeric(12,2)' },
      { type: 'date' },
      { type: 'datetime' },
      { type: 'boolean' },
    ];
    return { name, ...base, ...kinds[n % kinds.length] };
  });
  return { object, keyFields: [], fields, createWithKey: false, undelete: false, sideEffects: [] };
}

function mappingText(index) {
  const other = (index + 1) % (FIELDS / PER_MAPPING);
  const pairs = Array.from({ length: 20 }, (_, n) => `"Option ${n}": "Option ${n}"`).join(', ');
  const lines = Array.from({ length: PER_MAPPING }, (_, n) => {
    const more = n % 8 === 1 ? ', as: phone/US' : n % 8 === 2 ? `, values: { ${pairs} }` : '';
    return n % 10 === 0 ? `  - { a: f${n}, b: f${n}, two_way: measured, wins: newest }` : `  - { a: f${n}, b: f${n}, authority: a${more} }`;
  });
  return `version: 1\nid: m${index}\nbetween: { a: one/t${index}, b: one/t${other} }\nmatch: [{ a: key, b: key }]\nfields:\n${lines.join('\n')}\n`;
}

/** Milliseconds of processor time of one lint of all mappings, the first (which is what a person waits for) and the median of 15. */
export async function measure() {
  const mappings = Array.from({ length: FIELDS / PER_MAPPING }, (_, index) => parseMapping(mappingText(index), `m${index}.yml`));
  const schemas = new Map(mappings.map((_, index) => [`t${index}`, { schema: schemaOf(`t${index}`) }]));
  const times = [];
  let found = 0;
  for (let run = 0; run < 15; run += 1) {
    // What a lint remembers, it remembers of its own input only.
    const input = { mappings, platforms: ['one'], syncs: [], schemaOf: (_, object) => schemas.get(object) };
    // Processor time of this process: others may be at work on this machine.
    const before = process.cpuUsage();
    found = lintMappings(input).length;
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  const [first] = times;
  return [
    {
      what: `mapping lint of ${FIELDS} fields (${found} findings), without reading descriptions, processor time; again in the same process`,
      ours: `${first.toFixed(0)} ms`,
      against: `again ${median(times).toFixed(0)} ms`,
      ratio: '–',
      reach: `≤ ${REACH_MS} ms`,
      verdict: first <= REACH_MS ? 'reached' : 'MISSED',
    },
  ];
}
