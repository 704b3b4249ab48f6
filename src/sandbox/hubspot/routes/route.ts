import type { App } from '../apps.js';
import type { FaultSwitches } from '../faults.js';
import type { ObjectType } from '../state/object-type.js';
import type { Portal } from '../state/portal.js';
import type { Writer } from '../state/record.js';

/** A request as a handler sees it: parsed, authenticated, within limits. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** The groups of the route's pattern, decoded. */
  readonly params: readonly string[];
  readonly app: App;
  readonly writer: Writer;
}

/** A handler's answer; without a body the status is 204. */
export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** One endpoint. */
export interface Route {
  readonly method: string;
  /** Matched against the whole path, query left out. */
  readonly pattern: RegExp;
  /** Groups of scopes, one of each needed; may depend on the object types in the path. */
  readonly scopes: (params: readonly string[]) => readonly (readonly string[])[];
  /** The 403 of this endpoint, where it is not the usual one. */
  readonly refusal?: (params: readonly string[]) => Error;
  /** Search requests have a limit of their own and no limit headers. */
  readonly search?: boolean;
  readonly handle: (request: ApiRequest) => ApiAnswer;
}

/** Account facts that endpoints tell. */
export interface AccountFacts {
  readonly portalId: number;
  readonly accountType: string;
  readonly uiDomain: string;
}

/** Settings that change how endpoints behave. */
export interface Behaviour {
  /** How long the search index lags behind. */
  readonly searchLagMs: number;
  /** Every so many search pages one is cut short although more follow; 0 never. */
  readonly shortSearchPageEvery: number;
  /** Associations told for one record before a cursor is needed. */
  readonly associationPageSize: number;
}

/** What handlers share. */
export interface ApiContext {
  readonly portal: Portal;
  readonly account: AccountFacts;
  readonly behaviour: Behaviour;
  readonly faults: FaultSwitches;
}

/** Names of object types in paths are plural, singular, type ids or `p_` names. */
export const objectScope = (type: ObjectType, right: 'read' | 'write', of: 'objects' | 'schemas' = 'objects'): readonly string[] =>
  type.name === 'tickets' ? ['tickets'] : [`crm.${of}.${type.custom ? 'custom' : type.name}.${right}`];
