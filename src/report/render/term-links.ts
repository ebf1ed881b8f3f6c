import type { Report } from '../model.js';
import { escapeMarkup } from './escape-markup.js';

/** The id of a term's explanation in the page. */
export function termId(place: number): string {
  return `term-${place}`;
}

/** A term as it may stand in a sentence, whole words only. */
function patternOf(term: string): RegExp {
  const words = term
    .split(', ')
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|');
  return new RegExp(`(?<![\\w-])(?:${words})(?![\\w-])`);
}

/**
 * Links the first use of each term in a section to its explanation at the end of the page, which stands in its title,
 * too: a mouse shows it, a finger goes there, and print has it.
 */
export class TermLinks {
  readonly #open: Map<number, { readonly pattern: RegExp; readonly meaning: string }>;

  constructor(glossary: Report['glossary']) {
    this.#open = new Map(glossary.map(([term, meaning], i) => [i, { pattern: patternOf(term), meaning }]));
  }

  /** The text escaped, its terms linked. */
  link(text: string): string {
    let found: { place: number; at: number; word: string; meaning: string } | null = null;
    for (const [place, { pattern, meaning }] of this.#open) {
      const match = pattern.exec(text);
      if (match === null || (found !== null && match.index >= found.at)) continue;
      found = { place, at: match.index, word: match[0], meaning };
    }
    if (found === null) return escapeMarkup(text);
    this.#open.delete(found.place);
    const before = escapeMarkup(text.slice(0, found.at));
    const link = `<a class="term" href="#${termId(found.place)}" title="${escapeMarkup(found.meaning)}">${escapeMarkup(found.word)}</a>`;
    return before + link + this.link(text.slice(found.at + found.word.length));
  }
}
