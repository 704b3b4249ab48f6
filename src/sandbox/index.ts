export { startHubSpotSandbox, type HubSpotSandbox, type HubSpotSandboxOptions } from './hubspot/sandbox.js';
