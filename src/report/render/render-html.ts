import { renderChart } from '../charts/render-chart.js';
import type { Block, Report, Section, Sentence, Tone } from '../model.js';
import { STYLE } from './style.js';

const WIDE = { width: 760, height: 320 } as const;
const NARROW = { width: 360, height: 280 } as const;
/** Signs beside colours: a report is also read in print and by those who see no red. */
const SIGNS: Record<Tone, string> = { good: '✓', bad: '✗', warning: '!', plain: '·' };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

function item({ tone, text }: Sentence): string {
  return `<li class="${tone}"><span class="sign" aria-hidden="true">${SIGNS[tone]}</span>${escape(text)}</li>`;
}

function renderTable(block: Extract<Block, { kind: 'table' }>): string {
  const cell = (tag: 'th' | 'td', text: string, i: number, scope = ''): string =>
    `<${tag}${scope} class="${block.columns[i]?.align ?? 'left'}">${escape(text)}</${tag}>`;
  const head = block.columns.map(({ title }, i) => cell('th', title, i, ' scope="col"')).join('');
  const rows = block.rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`).join('\n');
  const note = block.note === null ? '' : `<p class="note">${escape(block.note)}</p>`;
  // tabindex: a table wider than the page can be scrolled without a mouse.
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>\n${rows}\n</tbody></table></div>${note}`;
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${block.sentences.map(({ text }) => escape(text)).join(' ')}</p>`;
    case 'list':
      return `<ul class="sentences">${block.items.map(item).join('\n')}</ul>`;
    case 'facts':
      return `<dl>${block.rows.map(([label, value]) => `<div><dt>${escape(label)}</dt><dd>${escape(value)}</dd></div>`).join('\n')}</dl>`;
    case 'table':
      return renderTable(block);
    case 'heading':
      return `<h3>${escape(block.text)}</h3>`;
    case 'code':
      return `<figure class="code"><figcaption>${escape(block.caption)}</figcaption><pre tabindex="0"><code>${escape(block.text)}</code></pre></figure>`;
    case 'chart': {
      const { chart } = block;
      const label = `role="img" aria-label="${escape(`${chart.title}. ${chart.description}`)}"`;
      return `<figure><figcaption>${escape(chart.title)}</figcaption><div class="wide" ${label}>${renderChart(chart, WIDE)}</div><div class="narrow" ${label}>${renderChart(chart, NARROW)}</div></figure>`;
    }
  }
}

function renderSection(section: Section): string {
  return `<section id="${section.id}"><h2>${escape(section.title)}</h2>\n${section.lead === undefined ? '' : `<p class="lead">${escape(section.lead)}</p>`}${section.blocks.map(renderBlock).join('\n')}\n</section>`;
}

/** The report as one self-contained HTML file: no script, no network, readable in light, dark, print and on a phone. */
export function renderHtml(report: Report): string {
  const verdictClass = report.verdict.toLowerCase().replace(' ', '-');
  const facts = report.environment
    .map(([label, value]) => `<div><dt>${escape(label)}</dt><dd>${escape(value)}</dd></div>`)
    .join('\n');
  const contents = report.sections.map(({ id, title }) => `<a href="#${id}">${escape(title)}</a>`).join(' ');
  const terms = report.glossary
    .map(([term, meaning]) => `<div><dt>${escape(term)}</dt><dd>${escape(meaning)}</dd></div>`)
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escape(report.title)}</h1>
<p class="verdict ${verdictClass}">${escape(report.verdict)}</p>
<dl>${facts}</dl>
<nav aria-label="Sections">${contents} <a href="#terms">Terms</a></nav>
</header>
${report.sections.map(renderSection).join('\n')}
<section id="terms"><h2>Terms</h2>
<dl class="terms">${terms}</dl>
</section>
</main>
</body>
</html>
`;
}
