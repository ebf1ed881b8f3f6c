import { DIAGNOSIS_SCHEMA_VERSION, type RunDiagnosis } from '../../contract/index.js';
import { type Diagnosis, NAMED_SCORE } from '../../domain/diagnosis/index.js';

/** The diagnosis as `report.json` carries it. */
export function diagnosisJson(diagnosis: Diagnosis): RunDiagnosis {
  return {
    schema_version: DIAGNOSIS_SCHEMA_VERSION,
    phase: diagnosis.phase,
    outcome: diagnosis.outcome,
    summary: diagnosis.summary,
    causes: diagnosis.findings.map((finding) => ({
      cause: finding.cause,
      title: finding.title,
      score: finding.score,
      named: finding.score >= NAMED_SCORE,
      evidence_for: [...finding.evidenceFor],
      evidence_against: [...finding.evidenceAgainst],
      predictions: finding.predictions.map(({ noEffect, effects, assumptions, ...rest }) => ({
        ...rest,
        effects: [...effects],
        no_effect: noEffect,
        assumptions: [...assumptions],
      })),
    })),
    ceilings: diagnosis.ceilings.map(({ name, calculation, perS, reachedShare }) => ({
      name,
      calculation,
      per_s: perS,
      reached_share: reachedShare,
    })),
    missing: [...diagnosis.missing],
  };
}
