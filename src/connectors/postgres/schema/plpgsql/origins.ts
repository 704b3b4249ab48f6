import type { Token } from './tokens.js';

/** Words of expressions whose value comes from the clock, the session or a sequence. */
const SOURCES = new Set(
  `now clock_timestamp statement_timestamp transaction_timestamp timeofday current_timestamp localtimestamp current_date current_time localtime
   current_user session_user user current_role txid_current txid_current_if_assigned pg_current_xact_id gen_random_uuid uuid_generate_v1 uuid_generate_v4
   uuidv4 uuidv7 nextval current_setting inet_client_addr pg_backend_pid random tg_op tg_name tg_table_name tg_relname`.split(/\s+/),
);
/** Words that change nothing about where a value comes from. */
const PLAIN = new Set(
  `coalesce nullif date_trunc extract epoch from to_char to_timestamp round floor ceil ceiling trunc cast as at time zone interval null true false timestamp
   timestamptz with without text varchar character varying bigint smallint int integer int2 int4 int8 numeric decimal date uuid double precision real boolean
   bool name jsonb json pg_catalog public clock utc auth uid`.split(/\s+/),
);
const SIGNS = new Set(['(', ')', ',', '::', '+', '-', '*', '/', '||', '.', '[', ']']);

/** Names that a function declares, and those of them whose every value comes from the clock, the session or nothing. */
export interface Variables {
  readonly declared: ReadonlySet<string>;
  readonly clean: ReadonlySet<string>;
}

/**
 * True where a value does not depend on what is written: the clock, the user, a constant, or a counter of the column
 * itself.
 */
export function isOfItself(value: readonly Token[], column: string, { declared, clean }: Variables): boolean {
  if (value.length === 0) return false;
  const counter = value.map(({ text }) => text).join(' ');
  const counted = /^(?:coalesce \( )?(?:old|new) \. (\S+)(?: , \d+ \))? \+ \d+$/.exec(counter);
  if (counted !== null) return counted[1] === column;
  return value.every((token, i) => {
    if (token.kind !== 'word') return token.kind !== 'sign' || SIGNS.has(token.text);
    if (value[i - 1]?.text === '.' || value[i + 1]?.text === '.') return PLAIN.has(token.text) || SOURCES.has(token.text);
    return declared.has(token.text) ? clean.has(token.text) : SOURCES.has(token.text) || PLAIN.has(token.text);
  });
}
