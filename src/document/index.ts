export * from './document.js';
export { documentHtml } from './html.js';
export { documentMarkdown } from './markdown.js';
export { junitDocument, type JunitCase, type JunitSuite } from './junit.js';
