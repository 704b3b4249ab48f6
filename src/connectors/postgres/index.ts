export { openConnector } from './connector.js';
export { openScratch } from './scratch/scratch.js';
