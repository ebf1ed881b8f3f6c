import { type Ceiling, type Diagnosis, type Finding, NAMED_SCORE } from '../../../domain/diagnosis/index.js';
import { decimal, perSecond, share } from '../../format.js';
import { type Block, bad, figureTable, good, plain, type Section, type Sentence, warning } from '../../model.js';
import { predictionText } from './effect-text.js';

/** Ceilings within this share of throughput are what holds it. */
const REACHED = 0.85;

function causeBlocks(finding: Finding): Block[] {
  const items: Sentence[] = [
    ...finding.evidenceFor.map(({ text }) => bad(`For: ${text}.`)),
    ...finding.evidenceAgainst.map(({ text }) => good(`Against: ${text}.`)),
    ...finding.predictions.map((prediction) =>
      plain(`Predicted: ${prediction.remedy} ${capital(predictionText(prediction))}.`),
    ),
  ];
  if (items.length === 0) return [];
  return [
    { kind: 'heading', text: `${finding.title} (${decimal(finding.score, 2)})` },
    { kind: 'list', items },
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why throughput is not higher: what its lowest bounds say, and what they leave over. */
function whyNotMore(ceilings: readonly Ceiling[], diagnosis: Diagnosis): Sentence[] {
  const [lowest] = ceilings;
  if (lowest === undefined) return [];
  const most = `The theoretical maximum is ${perSecond(lowest.perS)}/s (${lowest.name}: ${lowest.calculation}); ${share(Math.min(1, lowest.reachedShare))} of it was reached.`;
  const sentences = [lowest.reachedShare >= REACHED ? warning(most) : plain(most)];
  const [first] = diagnosis.findings;
  if (lowest.reachedShare < REACHED && diagnosis.outcome === 'cause' && first !== undefined) {
    sentences.push(
      plain(
        `Why not more: ${first.title} holds the service back before that. ${first.evidenceFor
          .slice(0, 2)
          .map(({ text }) => capital(text))
          .join('. ')}.`,
      ),
    );
  }
  return sentences;
}

function ceilingTable(ceilings: readonly Ceiling[]): Block[] {
  if (ceilings.length === 0) return [];
  return [
    figureTable(
      ['Bound by', 'Calculation', 'Most, req/s', 'Reached'],
      ceilings.map(({ name, calculation, perS, reachedShare }) => [
        name,
        calculation,
        perSecond(perS),
        share(Math.min(1, reachedShare)),
      ]),
      'The most that each part could carry if nothing else held it back, from what one request takes of it in the judged phase.',
    ),
  ];
}

/** What holds the service back, with evidence and calculation; null where no phase has a response time. */
export function bottleneckSection(diagnosis: Diagnosis): Section | null {
  if (diagnosis.phase === null && diagnosis.findings.length === 0) {
    return {
      id: 'bottleneck',
      title: 'Bottleneck',
      blocks: [{ kind: 'text', sentences: [warning(diagnosis.summary)] }],
    };
  }
  const tone = { cause: bad, healthy: good, undecided: warning }[diagnosis.outcome];
  const named = diagnosis.findings.filter(({ score }) => score >= NAMED_SCORE);
  const others = diagnosis.findings.filter(({ score }) => score < NAMED_SCORE);
  return {
    id: 'bottleneck',
    title: 'Bottleneck',
    lead: `Judged on phase ${diagnosis.phase ?? '–'}, the one with the slowest answers; a cause is named from a score of ${NAMED_SCORE} (of 1).`,
    blocks: [
      {
        kind: 'list',
        items: [tone(diagnosis.summary), ...whyNotMore(diagnosis.ceilings, diagnosis)],
      },
      ...ceilingTable(diagnosis.ceilings),
      ...named.flatMap(causeBlocks),
      ...(others.length === 0 ? [] : [{ kind: 'heading' as const, text: 'Held against the evidence, and not named' }]),
      ...(others.length === 0
        ? []
        : [
            figureTable(
              ['Cause', 'Score', 'Against it', 'Predicted effect of its remedy'],
              others.map(({ title, score, evidenceFor, evidenceAgainst, predictions }) => [
                title,
                decimal(score, 2),
                [...evidenceAgainst, ...evidenceFor].map(({ text }) => text).join('; ') || '–',
                predictions.map((one) => `${one.remedy} ${capital(predictionText(one))}`).join(' ') || '–',
              ]),
            ),
          ]),
      ...(diagnosis.missing.length === 0 ? [] : [{ kind: 'list' as const, items: diagnosis.missing.map(plain) }]),
    ],
  };
}
