export * from './document.js';
export { documentHtml } from './html.js';
export { documentMarkdown } from './markdown.js';
export { type JUnitCase, junitDocument, type JUnitSuite } from './junit.js';
