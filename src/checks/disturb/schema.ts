import { z } from 'zod';

import { durationSchema, SECRET_REF } from '../../workspace/index.js';

/** What can happen to a platform, or to what goes through the proxy. */
export const DISTURBANCES = ['outage', 'revoke-token', 'rate-limit', 'errors', 'delay'] as const;
export type DisturbanceKind = (typeof DISTURBANCES)[number];

const words = z.array(z.string().min(1)).min(1);

/** One disturbance of a load. */
export const disturbanceSchema = z
  .strictObject({
    at: z
      .string()
      .regex(/^\d{1,2}(\.\d+)?%$/, 'expected a percentage below 100%')
      .default('0%')
      .describe('When so many of the submissions are answered; at 0% before the first is sent.'),
    with: z
      .union(
        [
          z.enum(DISTURBANCES),
          z.strictObject({
            break: words.describe('Program and arguments that disturb.'),
            mend: words.describe('Program and arguments that end it.'),
          }),
        ],
        { error: `expected ${DISTURBANCES.join(', ')}, or { break: [program, …], mend: [program, …] }` },
      )
      .describe('What happens, or a pair of programs: they are started without a shell, in the folder of the workspace.'),
    for: durationSchema.exactOptional().describe('How long it lasts; until all submissions are answered, unless given.'),
    on: z
      .string()
      .min(1)
      .exactOptional()
      .describe('A platform that is a local sandbox, or proxy. The proxy where there is one, else the first of `arrives`.'),
    by: durationSchema.exactOptional().describe('Of a delay: how much later answers come; 5s unless given.'),
  })
  .describe('What happens to a platform or to an engine while people submit.');

/** Runback stands between two systems for as long as the test takes. */
export const proxySchema = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/, 'expected an address of this machine such as 127.0.0.1:8099')
      .describe('Where it is asked: on this machine only.'),
    to: z
      .string()
      .refine((value) => SECRET_REF.test(value) || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)), {
        error: 'expected an address such as https://staging.example.com, or env:NAME where it is a secret',
      })
      .describe('Where everything is passed on to.'),
  })
  .describe('Passes on what an intake or a sync sends to its target, so that it can be disturbed.');

export type DisturbanceDocument = z.output<typeof disturbanceSchema>;
export type ProxyDocument = z.output<typeof proxySchema>;
