import { describe, expect, it } from 'vitest';
import { columnBlocks, formatTable, wrapWords } from './terminal.js';

const columns = [{ title: 'ts' }, { title: 'down', align: 'right' as const }, { title: 'up', align: 'right' as const }];
const rows = [
  ['00:00', '117 M', '807 k'],
  ['00:02', '9', '\u001b[1m7\u001b[22m'],
];

describe('tables', () => {
  it('are as wide as their cells, colours not counted', () => {
    expect(formatTable(columns, rows)).toEqual([
      'ts      down     up',
      '00:00  117 M  807 k',
      '00:02      9      \u001b[1m7\u001b[22m',
    ]);
  });

  it('that do not fit are cut into blocks that repeat the first column', () => {
    expect(columnBlocks(columns, rows, 19)).toEqual([[0, 1, 2]]);
    expect(columnBlocks(columns, rows, 18)).toEqual([
      [0, 1],
      [0, 2],
    ]);
    // Narrower than any block: one column a block all the same.
    expect(columnBlocks(columns, rows, 5)).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });
});

describe('texts', () => {
  it('break between words, never within one', () => {
    const text = 'each further worker finds a core of its own';
    expect(wrapWords(text, 17)).toEqual(['each further', 'worker finds a', 'core of its own']);
    expect(wrapWords(text, 4)).toContain('further');
    expect(wrapWords(text, Number.POSITIVE_INFINITY)).toEqual([text]);
  });
});
