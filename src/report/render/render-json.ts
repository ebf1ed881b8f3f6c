import { type Report, REPORT_SCHEMA_VERSION } from '../model.js';

/** The report as JSON: its sections as data, snake_case keys, indented. */
export function renderJson(report: Report): string {
  const value = {
    schema_version: REPORT_SCHEMA_VERSION,
    title: report.title,
    verdict: report.verdict,
    verdict_reasons: report.verdictReasons,
    environment: Object.fromEntries(report.environment),
    sections: report.sections,
    glossary: Object.fromEntries(report.glossary),
  };
  return `${JSON.stringify(value, (_, inner: unknown) => snakeKeys(inner), 2)}\n`;
}

function snakeKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      /^[a-z]+([A-Z][a-z]*)+$/.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key,
      inner as unknown,
    ]),
  );
}
