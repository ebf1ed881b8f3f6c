export { figureText } from './figure-text.js';
export { buildReport } from './build-report.js';
export { phaseTable } from './phase-table.js';
export { readRunBundle } from './read-run-bundle.js';
export { renderHtml } from './render/render-html.js';
export { renderJson } from './render/render-json.js';
export { renderMarkdown } from './render/render-markdown.js';
export { REPORT_FORMATS, writeReports } from './write-reports.js';
