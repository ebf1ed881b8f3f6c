import { type Report, REPORT_SCHEMA_VERSION } from '../model.js';
import { snakeKeys } from '../snake-keys.js';

/** The report as JSON: its sections as data, snake_case keys, indented. */
export function renderJson(report: Report): string {
  const value = {
    schema_version: REPORT_SCHEMA_VERSION,
    title: report.title,
    verdict: report.verdict,
    verdict_reasons: report.verdictReasons,
    environment: Object.fromEntries(report.environment),
    diagnosis: report.diagnosis,
    checks: report.checks,
    figures: report.figures,
    sections: report.sections,
    glossary: Object.fromEntries(report.glossary),
  };
  return `${JSON.stringify(value, (_, inner: unknown) => snakeKeys(inner), 2)}\n`;
}
