import type { RunPhase } from '../../contract/index.js';
import { type Block, figureTable } from '../model.js';
import { phaseTitle } from '../run-bundle.js';

/** A figure of a phase with its title; `–` = not known. */
export type PhaseFigure = readonly [title: string, cell: (phase: RunPhase) => string];

/** As many columns fit a page in print. */
const COLUMNS_MAX = 8;

/**
 * Figures of phases: figures down and phases across, or the other way round where phases are more than fit across.
 * Figures that no phase has are left out.
 */
export function figuresByPhase(
  corner: string,
  phases: readonly RunPhase[],
  figures: readonly PhaseFigure[],
  note: string | null = null,
): Block {
  const rows = figures
    .map(([title, cell]) => [title, ...phases.map(cell)])
    .filter((row) => row.slice(1).some((cell) => cell !== '–'));
  if (phases.length < COLUMNS_MAX) return figureTable([corner, ...phases.map(phaseTitle)], rows, note);
  return figureTable(
    ['Phase', ...rows.map(([title = '']) => title)],
    phases.map((phase, i) => [phaseTitle(phase), ...rows.map((row) => row[i + 1] ?? '–')]),
    note,
  );
}
