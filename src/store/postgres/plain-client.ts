import { Client, type ClientConfig } from 'pg';

/** A connection without what the environment holds for psql (PGOPTIONS): poolers refuse whoever begins with options. */
export class PlainClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    // The driver has it in no type.
    const { connectionParameters } = this as unknown as { readonly connectionParameters: object };
    for (const name of ['options', 'replication']) Reflect.deleteProperty(connectionParameters, name);
  }
}
