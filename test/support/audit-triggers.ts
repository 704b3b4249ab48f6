import type { AuditConfig } from '../../src/workspace/index.js';

/**
 * Audit tables and the triggers that fill them, as databases have them: written for these tests after the columns that
 * the well-known ones document, and what their functions are known to do.
 */
export type AuditShape = 'logged_actions' | 'record_version' | 'rows' | 'column';

/** Makes the audit table of a shape and the function of its trigger. `own`: a writer that the session names itself. */
export function auditSql(shape: AuditShape): string {
  return SQL[shape];
}

/** Has a table watched. `ignored`: columns that the trigger leaves out, where it can. */
export function watchSql(shape: AuditShape, table: string, ignored: readonly string[] = []): string {
  const name = table.replaceAll('.', '_');
  const argument = `'{${ignored.join(',')}}'`;
  if (shape === 'column')
    return `CREATE TRIGGER note_${name} AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION app.note_fields()`;
  if (shape === 'rows')
    return `CREATE TRIGGER note_${name} AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION app.note_rows()`;
  const run = shape === 'logged_actions' ? `audit.note_action(${argument})` : 'audit.note_version()';
  return `CREATE TRIGGER note_${name} AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${run};
    CREATE TRIGGER note_emptied_${name} AFTER TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${run}`;
}

/** What `audit` of runback.yml says for a shape; JSON is YAML. */
export const AUDIT_CONFIG: Readonly<Record<AuditShape, AuditConfig>> = {
  logged_actions: { table: 'audit.logged_actions' },
  record_version: { table: 'audit.record_version', by: 'written_by' },
  rows: { table: 'app.row_log', of: { name: 'what' }, action: 'did', old: 'was', new: 'became', at: 'at', by: 'who', order: 'n' },
  column: {
    table: 'app.field_log',
    of: { name: 'of_table' },
    key: 'of_key',
    column: 'field',
    action: 'did',
    old: 'was',
    new: 'became',
    at: 'at',
    by: 'who',
    order: 'n',
  },
};

/** The name under which a session writes, where the shape asks it. */
const WRITER = `coalesce(nullif(current_setting('app.writer', true), ''), session_user)`;

const SQL: Readonly<Record<AuditShape, string>> = {
  logged_actions: `
    CREATE EXTENSION IF NOT EXISTS hstore;
    CREATE SCHEMA audit;
    CREATE TABLE audit.logged_actions (
      event_id bigserial PRIMARY KEY, schema_name text NOT NULL, table_name text NOT NULL, relid oid NOT NULL, session_user_name text,
      action_tstamp_tx timestamptz NOT NULL, action_tstamp_stm timestamptz NOT NULL, action_tstamp_clk timestamptz NOT NULL,
      transaction_id bigint, application_name text, client_addr inet, client_port int, client_query text,
      action text NOT NULL CHECK (action IN ('I', 'D', 'U', 'T')), row_data hstore, changed_fields hstore, statement_only boolean NOT NULL);
    CREATE INDEX ON audit.logged_actions (relid);
    CREATE FUNCTION audit.note_action() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $note$
    DECLARE left_out text[] := TG_ARGV[0]::text[]; kept public.hstore; altered public.hstore;
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        kept := public.delete(public.hstore(OLD.*), left_out);
        altered := public.delete(public.delete(public.hstore(NEW.*), kept), left_out);
        IF altered = ''::public.hstore THEN RETURN NULL; END IF;
      ELSIF TG_OP = 'DELETE' THEN kept := public.delete(public.hstore(OLD.*), left_out);
      ELSIF TG_OP = 'INSERT' THEN kept := public.delete(public.hstore(NEW.*), left_out);
      END IF;
      INSERT INTO audit.logged_actions (schema_name, table_name, relid, session_user_name, action_tstamp_tx, action_tstamp_stm, action_tstamp_clk,
        transaction_id, application_name, action, row_data, changed_fields, statement_only)
      VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_RELID, session_user, current_timestamp, statement_timestamp(), clock_timestamp(),
        txid_current(), current_setting('application_name'), left(TG_OP, 1), kept, altered, TG_LEVEL = 'STATEMENT');
      RETURN NULL;
    END $note$`,
  record_version: `
    CREATE SCHEMA audit;
    CREATE TYPE audit.operation AS ENUM ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');
    CREATE TABLE audit.record_version (
      id bigserial PRIMARY KEY, record_id uuid, old_record_id uuid, op audit.operation NOT NULL, ts timestamptz NOT NULL DEFAULT now(),
      table_oid oid NOT NULL, table_schema name NOT NULL, table_name name NOT NULL, record jsonb, old_record jsonb);
    CREATE INDEX ON audit.record_version USING brin (ts);
    CREATE INDEX ON audit.record_version (table_oid);
    ALTER TABLE audit.record_version ADD COLUMN written_by text;
    ALTER TABLE audit.record_version ALTER COLUMN written_by SET DEFAULT ${WRITER};
    CREATE FUNCTION audit.note_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $note$
    BEGIN
      INSERT INTO audit.record_version (op, table_oid, table_schema, table_name, record, old_record)
      VALUES (TG_OP::audit.operation, TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME,
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN to_jsonb(NEW) END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN to_jsonb(OLD) END);
      RETURN NULL;
    END $note$`,
  rows: `
    CREATE SCHEMA app;
    CREATE TABLE app.row_log (n bigint GENERATED ALWAYS AS IDENTITY, what text, did text, was json, became json, at timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
      who text DEFAULT ${WRITER});
    CREATE FUNCTION app.note_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $note$
    BEGIN
      INSERT INTO app.row_log (what, did, was, became) VALUES (TG_TABLE_NAME, lower(TG_OP),
        CASE WHEN TG_OP <> 'INSERT' THEN row_to_json(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN row_to_json(NEW) END);
      RETURN NULL;
    END $note$`,
  column: `
    CREATE SCHEMA app;
    CREATE TABLE app.field_log (n bigserial, of_table text, of_key text, field text, did text, was text, became text,
      at timestamptz NOT NULL DEFAULT clock_timestamp(), who text DEFAULT ${WRITER});
    CREATE FUNCTION app.note_fields() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $note$
    DECLARE before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END; after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    BEGIN
      INSERT INTO app.field_log (of_table, of_key, field, did, was, became)
      SELECT TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, coalesce(after, before) ->> 'id', f, lower(TG_OP), before ->> f, after ->> f
      FROM jsonb_object_keys(coalesce(after, before)) AS f WHERE f <> 'id' AND before ->> f IS DISTINCT FROM after ->> f;
      RETURN NULL;
    END $note$`,
};
