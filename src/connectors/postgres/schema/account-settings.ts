import type { Setting, SettingArea, ToldSettings } from '../../settings.js';
import { type Ask, json } from './catalog.js';

/** Options are those of enum types, as described. A database has no pipelines, and no scopes but its permissions. */
export const TOLD_SETTINGS: ToldSettings = {
  fields: 'object',
  options: 'described',
  // Check constraints are said with the fields.
  'record-types': 'none',
  'validation-rules': 'none',
  lists: 'none',
  forms: 'none',
  pipelines: 'none',
  scopes: 'none',
  permissions: 'object',
  limits: 'account',
  automations: 'object',
};

interface Row {
  readonly name: string;
  readonly says: Setting['says'];
}

/** Checks of a table. */
const CHECKS = `SELECT 'check ' || c.conname AS name, json_build_object('is', pg_get_constraintdef(c.oid)) AS says
  FROM pg_constraint c WHERE c.conrelid = $1::oid AND c.contype = 'c' ORDER BY c.conname COLLATE "C"`;

/** What the user of the connection may do with a table. */
const PERMISSIONS = `SELECT 'the user may' AS name, json_build_object(
    'read', has_table_privilege($1::oid, 'SELECT'), 'create', has_table_privilege($1::oid, 'INSERT'),
    'update', has_table_privilege($1::oid, 'UPDATE'), 'delete', has_table_privilege($1::oid, 'DELETE')) AS says`;

/** Triggers of a table, those that are off too, with a digest of what they run; and its rules. */
const AUTOMATIONS = `SELECT name, says FROM (SELECT 'trigger ' || t.tgname AS name,
    json_build_object('on', CASE t.tgenabled WHEN 'D' THEN 'no' WHEN 'R' THEN 'in a replica' WHEN 'A' THEN 'always' ELSE 'yes' END,
      'does', pg_get_triggerdef(t.oid), 'digest', substr(md5(p.prosrc), 1, 8)) AS says
  FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal
  UNION ALL
  SELECT 'rule ' || r.rulename, json_build_object('on', r.ev_enabled <> 'D', 'does', pg_get_ruledef(r.oid))
  FROM pg_rewrite r WHERE r.ev_class = $1::oid AND r.rulename <> '_RETURN') all_of_them ORDER BY name COLLATE "C"`;

/** What the server, the database and the user are limited to; -1: to nothing. */
const LIMITS = `SELECT 'connections to the server' AS name, json_build_object('most', current_setting('max_connections')::int) AS says
  UNION ALL SELECT 'connections to the database', json_build_object('most', d.datconnlimit) FROM pg_database d WHERE d.datname = current_database()
  UNION ALL SELECT 'connections of the user', json_build_object('most', r.rolconnlimit) FROM pg_roles r WHERE r.rolname = current_user
  UNION ALL SELECT 'version of the server', json_build_object('is', current_setting('server_version_num')::int / 10000)`;

/** How a table, or the database, is set up. `table`: its oid; undefined for the database. */
export async function accountSettings(area: SettingArea, table: string | undefined, ask: Ask): Promise<readonly Setting[]> {
  if (table === undefined) return area === 'limits' ? await json<Row>(ask, LIMITS, []) : [];
  const query = { fields: CHECKS, permissions: PERMISSIONS, automations: AUTOMATIONS }[area as string];
  return query === undefined ? [] : await json<Row>(ask, query, [table]);
}
