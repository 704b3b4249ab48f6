import { fileURLToPath } from 'node:url';

/** The folder that holds the shipped runback.yml, runbooks and escalation.yml: the top of the package. */
export const shippedDir = fileURLToPath(new URL('../../', import.meta.url));
