import { type Static, Type } from 'typebox';

/**
 * What a report concludes about causes, in `report.json` under `diagnosis`: ranked causes with the figures for and
 * against each, and predictions that a later run can prove wrong (`flts compare`). Derived from a run bundle alone.
 */
export const DIAGNOSIS_SCHEMA_VERSION = 1;

/** What can hold a service back. */
const CAUSES = [
  'concurrency_limit',
  'cpu',
  'event_loop',
  'batching_wait',
  'model_execution',
  'generator',
  'network',
  'memory_gc',
  'model_swap',
] as const;

/** One figure that speaks for or against a cause, in a sentence. */
const EvidenceSchema = Type.Object({
  text: Type.String(),
  /** Name of the figure, as in run.json where it is there. */
  figure: Type.String(),
  value: Type.Number(),
  unit: Type.String(),
});

/** One figure of a phase before, and what it is predicted to be after the change; unit by its name. */
const EffectSchema = Type.Object({
  figure: Type.Union([Type.Literal('throughput_per_s'), Type.Literal('mean_ms')]),
  before: Type.Number(),
  expected: Type.Number(),
  lower: Type.Number(),
  upper: Type.Number(),
});

/** What a change is predicted to bring in a phase of the same name and load. */
const PredictionSchema = Type.Object({
  /** Stable within a report: `cause/remedy`. */
  id: Type.String(),
  remedy: Type.String(),
  /** What is changed, from what to what; null where it is not known or is no number. */
  change: Type.Object({
    name: Type.String(),
    from: Type.Union([Type.Number(), Type.Null()]),
    to: Type.Union([Type.Number(), Type.Null()]),
  }),
  phase: Type.String(),
  effects: Type.Array(EffectSchema, { minItems: 1 }),
  /** True where the interval holds the value before: the remedy is predicted to change nothing that can be told. */
  no_effect: Type.Boolean(),
  assumptions: Type.Array(Type.String()),
});

const CauseSchema = Type.Object({
  cause: Type.Enum([...CAUSES]),
  title: Type.String(),
  /** 0..1: how much of the phase's trouble the evidence puts down to it. */
  score: Type.Number({ minimum: 0, maximum: 1 }),
  /** Whether the score is enough to name it. */
  named: Type.Boolean(),
  evidence_for: Type.Array(EvidenceSchema),
  evidence_against: Type.Array(EvidenceSchema),
  predictions: Type.Array(PredictionSchema),
});

/** One bound on throughput: what it follows from, and which share of it was reached. */
const CeilingSchema = Type.Object({
  name: Type.String(),
  calculation: Type.String(),
  per_s: Type.Number(),
  reached_share: Type.Number(),
});

export const DiagnosisSchema = Type.Object({
  schema_version: Type.Literal(DIAGNOSIS_SCHEMA_VERSION),
  /** The phase that was judged; null where no phase carries what it takes. */
  phase: Type.Union([Type.String(), Type.Null()]),
  outcome: Type.Union([Type.Literal('cause'), Type.Literal('healthy'), Type.Literal('undecided')]),
  summary: Type.String(),
  /** By falling score. */
  causes: Type.Array(CauseSchema),
  ceilings: Type.Array(CeilingSchema),
  /** What was not measured, and so could not be judged. */
  missing: Type.Array(Type.String()),
});

export type RunDiagnosis = Static<typeof DiagnosisSchema>;
