import { renderChart } from '../charts/render-chart.js';
import type { Block, Report, Section, Sentence, Tile, Tone } from '../model.js';
import { escapeMarkup } from './escape-markup.js';
import { STYLE } from './style.js';
import { termId, TermLinks } from './term-links.js';

const WIDE = { width: 760, height: 320 } as const;
const NARROW = { width: 360, height: 280 } as const;
/** Tables of more columns keep their first one in sight while they are scrolled. */
const WIDE_COLUMNS = 4;
/** Signs beside colours: a report is also read in print and by those who see no red. */
const SIGNS: Record<Tone, string> = { good: '✓', bad: '✗', warning: '!', plain: '·' };

function item({ tone, text }: Sentence, terms: TermLinks): string {
  return `<li class="${tone}"><span class="sign" aria-hidden="true">${SIGNS[tone]}</span>${terms.link(text)}</li>`;
}

function tile({ label, value, note }: Tile): string {
  return `<div><dt>${escapeMarkup(label)}</dt><dd><span class="figure">${escapeMarkup(value)}</span> <span class="range">${escapeMarkup(note)}</span></dd></div>`;
}

/** A figure with its interval or bound below it: narrow enough for a phone and for print. */
function figureCell(text: string): string {
  const [, figure, range] = /^([^()]+) (\([^()]+\))$/.exec(text) ?? [];
  return figure === undefined || range === undefined
    ? escapeMarkup(text)
    : `${escapeMarkup(figure)} <span class="range">${escapeMarkup(range)}</span>`;
}

function renderTable(block: Extract<Block, { kind: 'table' }>, label: string): string {
  const cell = (tag: 'th' | 'td', text: string, i: number, scope = ''): string => {
    const align = block.columns[i]?.align ?? 'left';
    const content = tag === 'td' && align === 'right' ? figureCell(text) : escapeMarkup(text);
    return `<${tag}${scope} class="${align}">${content}</${tag}>`;
  };
  const head = block.columns.map(({ title }, i) => cell('th', title, i, ' scope="col"')).join('');
  const rows = block.rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`).join('\n');
  const note = block.note === null ? '' : `<p class="note">${escapeMarkup(block.note)}</p>`;
  // tabindex: a table wider than the page can be scrolled without a mouse.
  const wide = block.columns.length > WIDE_COLUMNS ? ' class="wide-table"' : '';
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeMarkup(label)}"><table${wide}><thead><tr>${head}</tr></thead><tbody>\n${rows}\n</tbody></table></div>${note}`;
}

function renderBlock(block: Block, label: string, terms: TermLinks): string {
  switch (block.kind) {
    case 'text':
      return `<p>${block.sentences.map(({ text }) => terms.link(text)).join(' ')}</p>`;
    case 'list':
      return `<ul class="sentences">${block.items.map((one) => item(one, terms)).join('\n')}</ul>`;
    case 'tiles':
      return `<dl class="tiles">${block.tiles.map(tile).join('\n')}</dl>`;
    case 'facts':
      return `<dl>${block.rows.map(([label, value]) => `<div><dt>${escapeMarkup(label)}</dt><dd>${escapeMarkup(value)}</dd></div>`).join('\n')}</dl>`;
    case 'table':
      return renderTable(block, label);
    case 'heading':
      return `<h3>${escapeMarkup(block.text)}</h3>`;
    case 'code':
      return `<figure class="code"><figcaption>${escapeMarkup(block.caption)}</figcaption><pre tabindex="0"><code>${escapeMarkup(block.text)}</code></pre></figure>`;
    case 'chart': {
      const { chart } = block;
      const label = `role="img" aria-label="${escapeMarkup(`${chart.title}. ${chart.description}`)}"`;
      return `<figure><figcaption>${escapeMarkup(chart.title)}</figcaption><div class="wide" ${label}>${renderChart(chart, WIDE)}</div><div class="narrow" ${label}>${renderChart(chart, NARROW)}</div></figure>`;
    }
  }
}

function renderSection(section: Section, glossary: Report['glossary']): string {
  const terms = new TermLinks(glossary);
  const lead = section.lead === undefined ? '' : `<p class="lead">${terms.link(section.lead)}</p>\n`;
  const blocks = section.blocks.map((block) => renderBlock(block, section.title, terms)).join('\n');
  return `<section id="${section.id}"><h2>${escapeMarkup(section.title)}</h2>\n${lead}${blocks}\n</section>`;
}

/** The report as one self-contained HTML file: no script, no network, readable in light, dark, print and on a phone. */
export function renderHtml(report: Report): string {
  const verdictClass = report.verdict.toLowerCase().replace(' ', '-');
  const facts = report.environment
    .map(([label, value]) => `<div><dt>${escapeMarkup(label)}</dt><dd>${escapeMarkup(value)}</dd></div>`)
    .join('\n');
  const contents = report.sections.map(({ id, title }) => `<a href="#${id}">${escapeMarkup(title)}</a>`).join(' ');
  const terms = report.glossary
    .map(
      ([term, meaning], i) =>
        `<div id="${termId(i)}"><dt>${escapeMarkup(term)}</dt><dd>${escapeMarkup(meaning)}</dd></div>`,
    )
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeMarkup(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeMarkup(report.title)}</h1>
<p class="verdict ${verdictClass}">${escapeMarkup(report.verdict)}</p>
<dl>${facts}</dl>
<nav aria-label="Sections">${contents} <a href="#terms">Terms</a></nav>
</header>
${report.sections.map((section) => renderSection(section, report.glossary)).join('\n')}
<section id="terms"><h2>Terms</h2>
<dl class="terms">${terms}</dl>
</section>
</main>
</body>
</html>
`;
}
