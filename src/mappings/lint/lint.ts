import { defined } from '../../lib/index.js';
import type { Mapping } from '../document/mapping.js';
import { contextOf, type LintContext, type Rule, type Said } from './context.js';
import { companionRule, guardedRule } from './likeness/companions.js';
import { formRule } from './likeness/forms.js';
import { numberRule } from './likeness/numbers.js';
import { referenceRule } from './likeness/references.js';
import { matchableRule, uniqueRule } from './likeness/uniques.js';
import { consentRule, deleteRule, forwardRule, settleRule } from './rules/conduct.js';
import { fieldRule } from './rules/fields.js';
import { lengthRule } from './rules/lengths.js';
import { loopFindings } from './rules/loops.js';
import { matchRule } from './rules/matching.js';
import { countable as countableIn, optionRule } from './rules/options.js';
import { requiredRule } from './rules/required.js';
import { settlingRule } from './rules/settling.js';
import { sideRule } from './rules/sides.js';
import { syncRule } from './rules/syncs.js';
import { typeRule } from './rules/types.js';
import { writerFindings } from './rules/writers.js';
import type { FieldPlace, LintFinding, LintInput } from './types.js';

/** What looks at one mapping. */
const RULES: readonly Rule[] = [
  sideRule,
  fieldRule,
  typeRule,
  numberRule,
  formRule,
  referenceRule,
  lengthRule,
  optionRule,
  requiredRule,
  companionRule,
  guardedRule,
  matchRule,
  matchableRule,
  uniqueRule,
  settlingRule,
  syncRule,
  deleteRule,
  settleRule,
  forwardRule,
  consentRule,
];

/** What looks at all of them together. */
const TOGETHER: readonly ((contexts: readonly LintContext[]) => Iterable<readonly [Mapping, Said]>)[] = [writerFindings, loopFindings];

/**
 * Everything that is wrong with mappings, by file and line. Pure: what was read is given. What could not be read is a
 * finding, and what depends on it is left out.
 * @param only ids of the mappings to tell about; all unless given. The others are looked at all the same.
 */
export function lintMappings(input: LintInput, only?: ReadonlySet<string>): readonly LintFinding[] {
  const contexts = input.mappings.map((mapping) => contextOf(input, mapping));
  const wanted = (mapping: Mapping): boolean => only === undefined || only.has(mapping.id);
  const found: LintFinding[] = [];
  for (const context of contexts)
    if (wanted(context.mapping)) for (const rule of RULES) for (const said of rule(context)) found.push(placed(context.mapping, said));
  for (const look of TOGETHER) for (const [mapping, said] of look(contexts)) if (wanted(mapping)) found.push(placed(mapping, said));
  return found.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column));
}

/** Fields of which lint should know how many records hold each value. `only`: as for {@link lintMappings}. */
export function countable(input: LintInput, only?: ReadonlySet<string>): readonly FieldPlace[] {
  return countableIn(input.mappings.filter(({ id }) => only === undefined || only.has(id)).map((mapping) => contextOf(input, mapping)));
}

/** What is said of one mapping by the rules that look at one alone, before it has a place. */
export function aboutMapping(input: LintInput, mapping: Mapping): readonly Said[] {
  const context = contextOf(input, mapping);
  return RULES.flatMap((rule) => [...rule(context)]);
}

function placed(mapping: Mapping, said: Said): LintFinding {
  const { severity = 'error', rule, message, next, options, holder, counted } = said;
  const { line, column } = mapping.place(said.path);
  return { severity, rule, mapping: mapping.id, file: mapping.file, line, column, message, ...defined({ next, options, holder, counted }) };
}
