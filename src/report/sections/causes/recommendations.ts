import { type Diagnosis, NAMED_SCORE, type Prediction } from '../../../domain/diagnosis/index.js';
import { type Block, good, plain, type Section, type Sentence, warning } from '../../model.js';
import { predictionText } from './effect-text.js';

/** Settings of the service, which go into its environment. */
const ENVIRONMENT = /^(?:FLTS|PREDICT)_/;

function advice(prediction: Prediction): Sentence {
  const text = `${prediction.remedy} Predicted in phase ${prediction.phase}: ${predictionText(prediction)}. Assumed: ${prediction.assumptions.join('; ')}.`;
  return prediction.noEffect ? warning(text) : good(text);
}

/** The settings to change, as environment and as values of a chart; null where the remedy is no setting. */
function settings(predictions: readonly Prediction[]): Block[] {
  const changes = predictions
    .filter(({ change, noEffect }) => !noEffect && change.to !== null)
    .map(({ change }) => change);
  const environment = changes.filter(({ name }) => ENVIRONMENT.test(name));
  const cpu = changes.find(({ name }) => name === 'resources.limits.cpu');
  const was = (from: number | null): string => (from === null ? '' : ` # was ${from}`);
  const blocks: Block[] = [];
  if (environment.length > 0) {
    blocks.push({
      kind: 'code',
      language: 'sh',
      caption: 'Environment of the service',
      text: environment.map(({ name, from, to }) => `${name}=${to ?? ''}${was(from)}`).join('\n'),
    });
  }
  const lines = [
    ...(environment.length === 0 ? [] : ['env:', ...environment.map(({ name, to }) => `  ${name}: "${to ?? ''}"`)]),
    ...(cpu === undefined ? [] : ['resources:', '  limits:', `    cpu: "${cpu.to ?? ''}"${was(cpu.from)}`]),
  ];
  if (lines.length > 0)
    blocks.push({ kind: 'code', language: 'yaml', caption: 'Values of the deployment', text: lines.join('\n') });
  return blocks;
}

/** What to change first, what that is predicted to bring, and what would change nothing; null without findings. */
export function recommendationsSection(diagnosis: Diagnosis): Section | null {
  const { findings, outcome } = diagnosis;
  if (findings.length === 0) return null;
  const named = findings.filter(({ score }) => score >= NAMED_SCORE).flatMap(({ predictions }) => predictions);
  const idle = findings
    .filter(({ score }) => score < NAMED_SCORE)
    .flatMap(({ predictions }) => predictions)
    .filter(({ noEffect }) => noEffect);
  const items: Sentence[] = [...named, ...idle].map(advice);
  if (outcome === 'healthy') items.unshift(good('Nothing has to be changed for the load that was measured.'));
  if (outcome === 'undecided') {
    items.unshift(plain(`Measure more before anything is changed. ${diagnosis.missing.slice(0, 3).join(' ')}`.trim()));
  }
  return {
    id: 'recommendations',
    title: 'Recommendations',
    lead: 'Every effect is a prediction with its interval for the same phase and load: make the change, run again, and compare.',
    blocks: [
      ...(items.length === 0 ? [] : [{ kind: 'list' as const, items }]),
      ...settings(named),
      ...(named.some(({ noEffect }) => !noEffect)
        ? [
            {
              kind: 'text' as const,
              sentences: [plain(`One change at a time: the predictions hold for each alone.`)],
            },
          ]
        : []),
    ],
  };
}
