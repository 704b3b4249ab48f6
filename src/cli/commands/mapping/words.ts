import type { ArgumentSpec } from '../../shell/command.js';

export const MAPPINGS: ArgumentSpec = { name: 'mappings', description: 'ids or paths (default: all)', optional: true, variadic: true };
