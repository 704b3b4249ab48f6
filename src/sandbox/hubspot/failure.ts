import { Failure } from '../kit/failure.js';

/** One entry of an error body's `errors`. */
export interface FailureDetail {
  readonly message: string;
  readonly code?: string;
  readonly in?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/**
 * What an error body may hold besides `status`, `message` and `correlationId`. Every one is optional, as at HubSpot.
 */
export interface FailureBody {
  readonly category?: string;
  readonly subCategory?: string;
  readonly errors?: readonly FailureDetail[];
  readonly context?: Readonly<Record<string, readonly string[]>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly errorType?: string;
  readonly policyName?: string;
  readonly groupName?: string;
}

/** An answer that is an error in HubSpot's own words. */
export class ApiFailure extends Failure<FailureBody> {
  constructor(status: number, message: string, body: FailureBody = {}, form: Failure['form'] = 'json') {
    super(status, message, body, form);
    this.name = 'ApiFailure';
  }
}

/** 404 for one record. */
export const recordNotFound = (): ApiFailure => new ApiFailure(404, 'resource not found', { category: 'OBJECT_NOT_FOUND' });

/** 400 with a plain reason. */
export const badRequest = (message: string, errors?: readonly FailureDetail[]): ApiFailure =>
  new ApiFailure(400, message, { category: 'VALIDATION_ERROR', ...(errors && { errors }) });

/** 400 for a batch above its limit. */
export const tooManyInputs = (limit: number, given: number): ApiFailure =>
  badRequest(`The maximum number of inputs supported in a batch request is ${limit}. However, you have supplied ${given}.`);

/** 409 for a contact whose address is taken; the id stands in the message only, as at HubSpot. */
export const contactExists = (id: string): ApiFailure => new ApiFailure(409, `Contact already exists. Existing ID: ${id}`, { category: 'CONFLICT' });

/** 400 for another unique value that is taken. HubSpot names the record that holds it. */
export const uniqueTaken = (name: string, value: string, id: string): ApiFailure => {
  const message = `Cannot set PropertyValueCoordinates{propertyName=${name}, value=${value}}. ${id} already has that value.`;
  return badRequest(message, [{ message, code: 'CONFLICTING_UNIQUE_VALUE', context: { propertyName: [name], existingObjectId: [id] } }]);
};

/** 401 without or with a wrong token. */
export const notAuthenticated = (): ApiFailure =>
  new ApiFailure(
    401,
    'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
    { category: 'INVALID_AUTHENTICATION' },
  );

/** 401 with a token that was good once. */
export const tokenExpired = (at: Date, now: Date): ApiFailure =>
  new ApiFailure(
    401,
    `The OAuth token used to make this call expired ${Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000))} second(s) ago.`,
    {
      category: 'EXPIRED_AUTHENTICATION',
      context: { expireTime: [at.toISOString()] },
    },
  );

/** 403 with the scopes of which one would do. */
export const scopesMissing = (scopes: readonly string[]): ApiFailure =>
  new ApiFailure(
    403,
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    {
      category: 'MISSING_SCOPES',
      errors: [{ message: 'One or more of the following scopes are required.', context: { requiredGranularScopes: scopes } }],
      links: { scopes: 'https://developers.hubspot.com/scopes' },
    },
  );

/** 403 of the properties API: no category, no errors, and a message with the older name of the scope. */
export const noPermissions = (scope: string): ApiFailure =>
  new ApiFailure(403, `This oauth-token does not have proper permissions! (requires any of [${scope}])`);

/** 423: something else works on the same data. Two seconds, as the vendor's page on errors says. */
export const locked = (): ApiFailure => new ApiFailure(423, 'This resource is locked');

/** 477: the account is being moved to another place; `Retry-After` says for how long. */
export const moving = (): ApiFailure => new ApiFailure(477, 'Migration in progress');

/** Name of a limit as a 429 body gives it. */
export type LimitPolicy = 'TEN_SECONDLY_ROLLING' | 'SECONDLY' | 'DAILY';

/**
 * 429. The message of the rolling limit speaks of a "secondly" one, as at HubSpot. That of searches (`SECONDLY`) tells neither
 * the kind of error nor the policy.
 */
export const tooManyRequests = (policyName: LimitPolicy, appId: string): ApiFailure =>
  new ApiFailure(429, policyName === 'DAILY' ? 'You have reached your daily limit.' : 'You have reached your secondly limit.', {
    category: 'RATE_LIMITS',
    ...(policyName !== 'SECONDLY' && {
      errorType: 'RATE_LIMIT',
      policyName,
      groupName: `publicapi:private-apps-api-calls-${policyName.toLowerCase()}:${appId}`,
    }),
  });
