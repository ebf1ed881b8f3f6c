import type { Block, Report, Sentence, Tone } from '../model.js';

const MARKS: Record<Tone, string> = { good: '✅ ', bad: '❌ ', warning: '⚠️ ', plain: '' };

/** Text that stays text in Markdown and inside its tables. */
function escape(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

const sentence = ({ tone, text }: Sentence): string => `${MARKS[tone]}${escape(text)}`;

function row(cells: readonly string[]): string {
  return `| ${cells.map(escape).join(' | ')} |`;
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.sentences.map(sentence).join(' ');
    case 'list':
      return block.items.map((item) => `- ${sentence(item)}`).join('\n');
    case 'facts':
      return block.rows.map(([label, value]) => `- **${escape(label)}:** ${escape(value)}`).join('\n');
    case 'table': {
      const rule = `|${block.columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|')}|`;
      const lines = [row(block.columns.map(({ title }) => title)), rule, ...block.rows.map(row)];
      return block.note === null ? lines.join('\n') : `${lines.join('\n')}\n\n*${escape(block.note)}*`;
    }
    case 'chart':
      return `*${escape(block.chart.title)}: ${escape(block.chart.description)}*`;
  }
}

/** The report as GitHub-flavoured Markdown; charts become their descriptions. */
export function renderMarkdown(report: Report): string {
  const parts = [
    `# ${escape(report.title)}`,
    `**Verdict: ${report.verdict}**`,
    report.environment.map(([label, value]) => `- **${escape(label)}:** ${escape(value)}`).join('\n'),
    ...report.sections.flatMap((section) => [`## ${escape(section.title)}`, ...section.blocks.map(renderBlock)]),
    '## Terms',
    report.glossary.map(([term, meaning]) => `- **${escape(term)}:** ${escape(meaning)}`).join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
