export { buildComparison, comparedMetrics, type Comparison, type NamedRun } from './build-comparison.js';
export { checkRemedy, remedySentence } from './check-remedy.js';
export { comparisonTable, powerSentence, verdictSentence } from './comparison-text.js';
export { renderComparisonJson, renderComparisonJunit, renderComparisonMarkdown } from './render-comparison.js';
