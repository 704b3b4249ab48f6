export { type KindName, kindText, type ValueKind } from './document/kinds.js';
export { loadMapping, type MappingFile, mappingFiles, parseMapping } from './document/load.js';
export * from './document/mapping.js';
export { mappingSchema } from './document/schema.js';
export { countable, lintMappings } from './lint/lint.js';
export type { FieldPlace, Held, LintFinding, LintInput, LintRule, LostOption, ReadSchema } from './lint/types.js';
export { type Carried, carried } from './values/carry.js';
export { type Comparer, comparerOf, isBlank, matchForm, type ValueVerdict } from './values/compare.js';
export type { TypePair } from './values/inferred.js';
