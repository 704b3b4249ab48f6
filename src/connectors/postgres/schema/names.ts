const PARTS = /^("(?:[^"]|"")*"|[^."]+)\.("(?:[^"]|"")*"|[^."]+)$/u;

/** How an object type is called: `schema.table`, a part quoted where it holds a dot or a quote. */
export function objectName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return [schema, name].map((part) => (/[."]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join('.');
}

/** The name of the table that is called the same in another schema. An object type that names no schema is in `public`. */
export function nameIn(object: string, schema: string): string {
  const [, , table = object] = PARTS.exec(object) ?? [];
  return objectName({ schema, name: table.startsWith('"') ? table.slice(1, -1).replaceAll('""', '"') : table });
}
