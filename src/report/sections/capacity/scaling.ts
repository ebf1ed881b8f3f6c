import type { CapacityModel, Estimate, HeldOut } from '../../../domain/capacity/index.js';
import type { Findings } from '../../findings.js';
import { count, perSecond, share } from '../../format.js';
import { type Block, figureTable, plain, type Section, type Sentence, warning } from '../../model.js';
import type { RunBundle } from '../../run-bundle.js';
import { searchBlocks } from './knee-search.js';
import { modelRunBlocks } from './model-run.js';

/** A share of a request's work below this is rounding, not cost. */
const NEGLIGIBLE = 1e-9;

function interval({ value, lower, upper }: Estimate, say: (value: number) => string): string {
  return `${say(value)} (${say(lower)}–${Number.isFinite(upper) ? say(upper) : 'open'})`;
}

function heldOutTable(heldOut: readonly HeldOut[]): Block {
  return figureTable(
    ['Held-out level', 'Measured /s', 'Predicted /s', 'Error'],
    heldOut.map((level) => [
      `${count(level.users)} users`,
      perSecond(level.measuredPerS),
      perSecond(level.predictedPerS),
      share(level.error),
    ]),
    'The law was fitted without these levels and then asked for them: the error is what its other predictions may be off by.',
  );
}

function lawSentences(model: CapacityModel): Sentence[] {
  const { lambda, sigma, kappa, peakUsers, ceilingPerS, ceilingIs, usersMax } = model;
  const small = (value: number): string => (value < NEGLIGIBLE ? '0' : Number(value.toPrecision(2)).toString());
  const sentences = [
    plain(
      `One user alone gets ${interval(lambda, perSecond)} answers per second (λ); ${interval(sigma, share)} of the work is done by one at a time (σ); each pair of requests costs another ${interval(kappa, small)} (κ).`,
    ),
  ];
  if (ceilingPerS !== null && ceilingIs === 'peak' && peakUsers !== null) {
    sentences.push(
      plain(
        `By this law throughput peaks at ${interval(ceilingPerS, perSecond)} per second, with ${interval(peakUsers, count)} users; more users lower it.`,
      ),
    );
  } else if (ceilingPerS !== null) {
    sentences.push(
      plain(`By this law no number of users gets more than ${interval(ceilingPerS, perSecond)} per second.`),
    );
  }
  sentences.push(plain(`Nothing is said of more than ${count(usersMax)} users, twice the most that were measured.`));
  return sentences;
}

function scalingBlocks({ scaling }: Findings): Block[] {
  if (scaling === null) return [];
  if (scaling.model === null) {
    const refused: Block = { kind: 'list', items: [warning(scaling.refusal)] };
    return scaling.heldOut.length === 0 ? [refused] : [refused, heldOutTable(scaling.heldOut)];
  }
  const { model } = scaling;
  return [{ kind: 'list', items: lawSentences(model) }, heldOutTable(model.heldOut)];
}

/** What the levels say of the capacity by the scalability law, what a search found, what a run of the model costs. */
export function capacitySection(bundle: RunBundle, findings: Findings): Section | null {
  const law = scalingBlocks(findings);
  const search = searchBlocks(bundle.run);
  const modelRun = modelRunBlocks(bundle);
  if (law.length + search.length + modelRun.length === 0) return null;
  const heading = (text: string): Block => ({ kind: 'heading', text });
  return {
    id: 'capacity',
    title: 'Capacity',
    lead: 'How throughput grows with users, the largest rate that the service keeps up with, and what the model takes of it.',
    blocks: [
      ...(law.length === 0 ? [] : [heading('How throughput scales'), ...law]),
      ...(search.length === 0 ? [] : [heading('Largest rate within the requirement'), ...search]),
      ...(modelRun.length === 0 ? [] : [heading('What a run of the model costs'), ...modelRun]),
    ],
  };
}
