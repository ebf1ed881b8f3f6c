import { snakeKeys } from '../snake-keys.js';
import type { Comparison, ComparisonVerdict } from './build-comparison.js';
import { remedySentence } from './check-remedy.js';
import { comparisonTable, powerSentence, verdictSentence } from './comparison-text.js';
import { escapeXml } from '../render/escape-markup.js';

const MARKS: Record<ComparisonVerdict, string> = {
  WORSE: '❌',
  BETTER: '✅',
  ALIKE: '✅',
  'NO DIFFERENCE SHOWN': '➖',
  'NOT COMPARABLE': '⚠️',
};

const escapeMarkdown = (text: string): string => text.replace(/[\\`*_[\]<>|#]/g, '\\$&').replace(/\s*\n\s*/g, ' ');

/** A comment for a pull request, GitHub-flavoured Markdown. */
export function renderComparisonMarkdown(comparison: Comparison): string {
  const { verdict, runsA, runsB, warnings, figures } = comparison;
  const { titles, rows } = comparisonTable(comparison);
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const power = powerSentence(comparison);
  const table = [
    row(titles),
    `|${titles.map((_, i) => (i === 0 || i === titles.length - 1 ? '---' : '---:')).join('|')}|`,
    ...rows.map(row),
  ].join('\n');
  const parts = [
    `### ${MARKS[verdict]} Load test: ${verdict.toLowerCase()}`,
    escapeMarkdown(verdictSentence(comparison)),
    ...(figures.length === 0 ? [] : [table]),
    ...(power === null ? [] : [escapeMarkdown(power)]),
    ...(comparison.remedy === null ? [] : [escapeMarkdown(remedySentence(comparison.remedy))]),
    ...warnings.map((warning) => `⚠️ ${escapeMarkdown(warning)}`),
    `<details><summary>${runsA.length} + ${runsB.length} runs</summary>\n\nA: ${runsA.map(escapeMarkdown).join(', ')}\n\nB: ${runsB.map(escapeMarkdown).join(', ')}\n\nOne value per run; p by Mann–Whitney, of the figures beside the primary after Holm's correction; shift by Hodges–Lehmann.\n</details>`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** One test case a figure, as build servers read them: only a primary that is worse fails. */
export function renderComparisonJunit(comparison: Comparison): string {
  const { verdict, figures } = comparison;
  const sentence = verdictSentence(comparison);
  const { rows } = comparisonTable(comparison);
  const failed = verdict === 'WORSE' ? 1 : 0;
  const errors = verdict === 'NOT COMPARABLE' ? 1 : 0;
  const cases =
    figures.length === 0
      ? [
          `    <testcase classname="flts.compare" name="${escapeXml(comparison.metric)}"><error message="${escapeXml(sentence)}"/></testcase>`,
        ]
      : figures.map((figure, i) => {
          const name = `    <testcase classname="flts.compare" name="${escapeXml(figure.name)}">`;
          const inner =
            figure.isPrimary && failed === 1
              ? `<failure message="${escapeXml(sentence)}"/>`
              : `<system-out>${escapeXml((rows[i] ?? []).slice(1).join('; '))}</system-out>`;
          return `${name}${inner}</testcase>`;
        });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="flts compare" tests="${cases.length}" failures="${failed}" errors="${errors}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** The comparison with snake_case keys, indented. */
export function renderComparisonJson(comparison: Comparison): string {
  return `${JSON.stringify(comparison, (_, inner: unknown) => snakeKeys(inner), 2)}\n`;
}
