export { buildReport } from './build-report.js';
export { type Report } from './model.js';
export { phaseTable } from './phase-table.js';
export { readRunBundle } from './read-run-bundle.js';
export { renderHtml } from './render/render-html.js';
export { renderJson } from './render/render-json.js';
export { renderMarkdown } from './render/render-markdown.js';
export { type RunBundle } from './run-bundle.js';
export { REPORT_FORMATS, type ReportFormat, writeReports } from './write-reports.js';
