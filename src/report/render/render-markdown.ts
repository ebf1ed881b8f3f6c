import type { Block, Report, Section, Sentence, Tone } from '../model.js';

const MARKS: Record<Tone, string> = { good: '✅ ', bad: '❌ ', warning: '⚠️ ', plain: '' };

/** Text that stays text in Markdown and inside its tables. */
function escape(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

const sentence = ({ tone, text }: Sentence): string => `${MARKS[tone]}${escape(text)}`;

function row(cells: readonly string[]): string {
  return `| ${cells.map(escape).join(' | ')} |`;
}

/** A fence longer than any in the text. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

function renderSection(section: Section): string[] {
  const lead = section.lead === undefined ? [] : [`*${escape(section.lead)}*`];
  return [`## ${escape(section.title)}`, ...lead, ...section.blocks.map(renderBlock)];
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.sentences.map(sentence).join(' ');
    case 'list':
      return block.items.map((item) => `- ${sentence(item)}`).join('\n');
    case 'tiles':
      return block.tiles
        .map(({ label, value, note }) => `- **${escape(label)}: ${escape(value)}** ${escape(note)}`)
        .join('\n');
    case 'facts':
      return block.rows.map(([label, value]) => `- **${escape(label)}:** ${escape(value)}`).join('\n');
    case 'table': {
      const rule = `|${block.columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|')}|`;
      const lines = [row(block.columns.map(({ title }) => title)), rule, ...block.rows.map(row)];
      return block.note === null ? lines.join('\n') : `${lines.join('\n')}\n\n*${escape(block.note)}*`;
    }
    case 'heading':
      return `### ${escape(block.text)}`;
    case 'code':
      return `${escape(block.caption)}\n\n${fenced(block.language, block.text)}`;
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
    ...report.sections.flatMap(renderSection),
    '## Terms',
    report.glossary.map(([term, meaning]) => `- **${escape(term)}:** ${escape(meaning)}`).join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
