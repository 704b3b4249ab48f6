import { hubspot } from './hubspot.js';
import type { LocalPlatform } from './local.js';
import { mailchimp } from './mailchimp.js';
import { salesforce } from './salesforce.js';

/** The platforms that a stage on this machine can be of, by the names that drills use. */
export const LOCAL_PLATFORMS: Readonly<Record<string, LocalPlatform>> = { hubspot, mailchimp, salesforce };
