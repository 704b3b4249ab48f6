export { openConnector } from './connector.js';
