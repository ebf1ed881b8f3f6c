import type { Findings } from '../../findings.js';
import { count, milliseconds, seconds, share } from '../../format.js';
import { bad, figureTable, good, plain, type Section, type Sentence, warning } from '../../model.js';
import { percentileCell } from '../../percentile-cell.js';
import { successCell } from '../../phase-table.js';
import { type LevelReadiness, type Readiness, useOf } from '../../judging/readiness.js';
import { answersOf, loadOf, type RunBundle } from '../../run-bundle.js';

function fitSentence(readiness: Readiness, isInvalid: boolean): Sentence {
  const { fitLevel, p95LimitMs } = readiness;
  const limit = `${milliseconds(p95LimitMs)} ms (${readiness.isP95Required ? 'required' : 'twice the p95 of the lowest level, as none was required'})`;
  if (isInvalid) {
    return bad('The run is INVALID, so it is no evidence that the service is fit for any load; measure again.');
  }
  if (fitLevel === null) {
    return bad(
      `Not one measured level keeps p95 within ${limit} and the success rate at ${share(readiness.successMin)}.`,
    );
  }
  return good(
    `Fit for up to ${loadOf(fitLevel)}: p95 ${percentileCell(fitLevel, 'p95')} ms within ${limit}, success ${successCell(fitLevel)} of at least ${share(readiness.successMin)}${readiness.isSuccessRequired ? '' : ' (none was required)'}, as at every lower level.`,
  );
}

function evidence({ run }: RunBundle, { fitLevel }: Readiness): Sentence[] {
  const sentences: Sentence[] = [];
  if (fitLevel?.duration_s !== undefined) {
    sentences.push(
      plain(
        `The evidence is ${seconds(fitLevel.duration_s)} at that level and ${count(answersOf(fitLevel) ?? 0)} right answers.`,
      ),
    );
  }
  if ((run.uptime ?? null) !== null) {
    const text = `${share(run.uptime ?? 0)} of ${count(run.readiness_probes ?? 0)} readiness probes were answered 200 while the run lasted.`;
    sentences.push((run.uptime ?? 0) === 1 ? plain(text) : warning(text));
  }
  return sentences;
}

function outcomeCell({ isFastEnough, isRightEnough }: LevelReadiness): string {
  if (isFastEnough && isRightEnough) return 'fit';
  return `not fit: ${[isFastEnough ? [] : ['p95'], isRightEnough ? [] : ['failures']].flat().join(', ')}`;
}

/** For how many users, and for what use, the service is fit, and on which evidence; null without levels to judge. */
export function readinessSection(bundle: RunBundle, findings: Findings): Section | null {
  const { readiness, verdict } = findings;
  if (readiness === null) return null;
  const isInvalid = verdict === 'INVALID';
  return {
    id: 'readiness',
    title: 'Readiness',
    lead: 'Up to how many users at once the service can be used as it was measured, for what, and how sure that is.',
    blocks: [
      {
        kind: 'list',
        items: [fitSentence(readiness, isInvalid), ...(isInvalid ? [] : evidence(bundle, readiness))],
      },
      figureTable(
        ['Users', 'p95 ms', 'Success', 'For people, at this p95', isInvalid ? 'Would be' : 'Fit?'],
        readiness.levels.map((one) => [
          count(one.level.users),
          percentileCell(one.level, 'p95'),
          successCell(one.level),
          one.level.p95_ms === undefined || one.level.p95_ms === null ? '–' : useOf(one.level.p95_ms),
          outcomeCell(one),
        ]),
        'Uses by the limits of 0.1 s, 1 s and 10 s of Nielsen, Usability Engineering (1993).',
      ),
    ],
  };
}
