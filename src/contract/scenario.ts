import { type Static, Type } from 'typebox';

/**
 * A load-test scenario: what a YAML file says, and what every preset is. Lengths are seconds. Only closed users: each
 * sends, waits for the answer, thinks, sends again.
 */

export const USERS_MAX = 10_000;
const PHASES_MAX = 100;
const SECONDS_MAX = 7 * 24 * 3600;
const REQUESTS_PER_USER_MAX = 10_000_000;
/** Answers later than this are timeouts whatever a scenario says. */
const TIMEOUT_S_MAX = 600;

/** Phase names are used in `--require`, file tags and file names. */
const PhaseName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' });
const Seconds = Type.Number({ minimum: 0, maximum: SECONDS_MAX });

const PhaseSchema = Type.Object(
  {
    name: PhaseName,
    /** `warmup` is driven and recorded, but kept out of totals, requirements and validity. */
    kind: Type.Optional(Type.Union([Type.Literal('warmup'), Type.Literal('sustained')])),
    users: Type.Integer({ minimum: 1, maximum: USERS_MAX }),
    /** Either this … */
    duration_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: SECONDS_MAX })),
    /** … or this, or both: whichever ends first. */
    requests_per_user: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUESTS_PER_USER_MAX })),
    /** Think time of each user between an answer and its next request. */
    think_s: Type.Optional(Seconds),
    /** Quiet time before the phase. */
    pause_s: Type.Optional(Seconds),
  },
  { additionalProperties: false },
);

const RequestSchema = Type.Object(
  {
    method: Type.Optional(
      Type.Union([Type.Literal('GET'), Type.Literal('POST'), Type.Literal('PUT'), Type.Literal('DELETE')]),
    ),
    /** Below the target's URL; `/predict` by default. */
    path: Type.Optional(Type.String({ pattern: '^/[^\\s]*$', maxLength: 2_000 })),
    /** Sent with every request; values never reach a run bundle. */
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
        Type.String({ pattern: '^[^\\r\\n\\0]*$' }),
      ),
    ),
    /** A fixed JSON body instead of generated windows. */
    body: Type.Optional(Type.Unknown()),
    /** Generated windows: rows, seconds between rows, columns, horizon. */
    rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    step_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    columns: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 500 })),
    horizon: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    /** A CSV file whose rows become the windows, relative to the scenario's folder. */
    data: Type.Optional(Type.String({ minLength: 1 })),
    timeout_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: TIMEOUT_S_MAX })),
    /** False closes the connection after every answer. */
    keep_alive: Type.Optional(Type.Boolean()),
    /** What makes an answer right: `predictions` also checks values and the first timestamp. */
    check: Type.Optional(Type.Union([Type.Literal('status'), Type.Literal('json'), Type.Literal('predictions')])),
  },
  { additionalProperties: false },
);

export const ScenarioSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    /** Generator processes; at most as many as users. */
    generators: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
    request: Type.Optional(RequestSchema),
    phases: Type.Array(PhaseSchema, { minItems: 1, maxItems: PHASES_MAX }),
    /** Requirements in the grammar of `--require`. */
    require: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
  },
  { additionalProperties: false },
);

export type Scenario = Static<typeof ScenarioSchema>;
export type ScenarioPhase = Static<typeof PhaseSchema>;
export type ScenarioRequest = Static<typeof RequestSchema>;
