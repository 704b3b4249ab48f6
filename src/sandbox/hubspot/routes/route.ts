import type { FaultSwitches } from '../../kit/faults.js';
import type { ApiAnswer, ApiRequest as KitRequest, Route as KitRoute } from '../../kit/route.js';
import type { App } from '../apps.js';
import type { Fault } from '../faults.js';
import type { ObjectType } from '../state/object-type.js';
import type { Portal } from '../state/portal.js';
import type { Writer } from '../state/record.js';
import type { SearchIndex } from '../state/search-index.js';

export type { ApiAnswer };

/** A request as a handler sees it: parsed, authenticated, within limits. */
export interface ApiRequest extends KitRequest<App> {
  readonly writer: Writer;
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

/** An endpoint in the terms of the kit. */
export type HubSpotRoute = KitRoute<App> & Pick<Route, 'scopes' | 'refusal' | 'search'>;

/** The same endpoint: its handler writes in the name of the app that calls. */
export function forKit({ handle, ...route }: Route): HubSpotRoute {
  return { ...route, handle: (request) => handle({ ...request, writer: { source: request.caller.source, request: request.id } }) };
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
  readonly cappedSearchTotal: boolean;
  /** Associations told for one record before a cursor is needed. */
  readonly associationPageSize: number;
}

/** What handlers share. */
export interface ApiContext {
  readonly portal: Portal;
  readonly account: AccountFacts;
  readonly behaviour: Behaviour;
  readonly faults: FaultSwitches<Fault>;
  /** What lists of records show; undefined where they show what there is now. */
  readonly listed?: SearchIndex;
}

/** Names of object types in paths are plural, singular, type ids or `p_` names. */
export const objectScope = (type: ObjectType, right: 'read' | 'write', of: 'objects' | 'schemas' = 'objects'): readonly string[] =>
  type.name === 'tickets' ? ['tickets'] : [`crm.${of}.${type.custom ? 'custom' : type.name}.${right}`];
