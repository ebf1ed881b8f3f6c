import { type Static, Type } from 'typebox';

/**
 * A load-test scenario: what a YAML file says, and what every preset is. Lengths are seconds. A phase is closed (users:
 * each sends, waits for the answer, thinks, sends again) or open (a rate per second, whatever the answers do).
 * Descriptions are what an editor shows.
 */

export const USERS_MAX = 10_000;
const PHASES_MAX = 100;
const SECONDS_MAX = 7 * 24 * 3600;
const REQUESTS_PER_USER_MAX = 10_000_000;
/** Answers later than this are timeouts whatever a scenario says. */
const TIMEOUT_S_MAX = 600;

/** Rates beyond this ask for more than a few processes on one machine can send. */
const RATE_MAX = 200_000;
const IN_FLIGHT_MAX = 20_000;
const SERIES_MAX = 100;

const described = { additionalProperties: false } as const;

/** Phase names are used in `--require`, file tags and file names. */
const PhaseName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: 'Letters, digits, dots, dashes; requirements name it: p95@NAME<1s.',
});
const Rate = { minimum: 0, maximum: RATE_MAX };

export const PHASE_KINDS = ['warmup', 'ramp', 'sustained', 'spike', 'soak', 'custom'] as const;
export type PhaseKind = (typeof PHASE_KINDS)[number];

const PhaseSchema = Type.Object(
  {
    name: PhaseName,
    kind: Type.Optional(
      Type.Enum(PHASE_KINDS, {
        description:
          'warmup is driven but not counted; ramp and spike change the load; sustained (the default) and soak must be steady; custom is judged by its requirements alone.',
      }),
    ),
    users: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: USERS_MAX,
        description: 'Closed users; the most at once in a ramp or spike.',
      }),
    ),
    from_users: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: USERS_MAX,
        description: 'Users at the start of a ramp, and before and after a spike.',
      }),
    ),
    step_users: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: USERS_MAX,
        description: 'A ramp adds so many users at a time (1 by default).',
      }),
    ),
    rate: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: RATE_MAX,
        description: 'Open arrivals per second; the end of a ramp, the height of a spike.',
      }),
    ),
    from_rate: Type.Optional(
      Type.Number({ ...Rate, description: 'Rate at the start of a ramp, and before and after a spike.' }),
    ),
    of_capacity: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100,
        description:
          'Open arrivals at this multiple of the capacity: --capacity, else the best throughput of a phase before.',
      }),
    ),
    arrivals: Type.Optional(
      Type.Union([Type.Literal('constant'), Type.Literal('poisson')], {
        description: 'Open phases: evenly spaced (the default) or a seeded Poisson process.',
      }),
    ),
    max_in_flight: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: IN_FLIGHT_MAX,
        description: 'Open phases: the most requests under way at once; later ones wait, and the wait is counted.',
      }),
    ),
    duration_s: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: SECONDS_MAX,
        description: 'Length. Users may have requests_per_user instead, or both.',
      }),
    ),
    requests_per_user: Type.Optional(Type.Integer({ minimum: 1, maximum: REQUESTS_PER_USER_MAX })),
    think_s: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: SECONDS_MAX,
        description: 'Rest of each user between an answer and its next request.',
      }),
    ),
    pause_s: Type.Optional(
      Type.Number({ minimum: 0, maximum: SECONDS_MAX, description: 'Quiet time before the phase.' }),
    ),
    require: Type.Optional(
      Type.Array(Type.String(), { maxItems: 50, description: 'Requirements of this phase, such as p95<500ms.' }),
    ),
  },
  described,
);

const ExpectSchema = Type.Object(
  {
    status: Type.Optional(
      Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), {
        minItems: 1,
        maxItems: 20,
        description: 'Statuses of a right answer; any 2xx by default.',
      }),
    ),
    contains: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_000, description: 'Text that the body must contain.' }),
    ),
    fields: Type.Optional(
      Type.Array(Type.String({ pattern: '^/' }), {
        minItems: 1,
        maxItems: 50,
        description:
          'JSON pointers into the body that must lead to something other than null, such as /outputs/0/data.',
      }),
    ),
  },
  described,
);

const RequestSchema = Type.Object(
  {
    method: Type.Optional(
      Type.Union([Type.Literal('GET'), Type.Literal('POST'), Type.Literal('PUT'), Type.Literal('DELETE')]),
    ),
    path: Type.Optional(
      Type.String({
        pattern: '^/[^\\s]*$',
        maxLength: 2_000,
        description: "Below the target's URL; /predict by default.",
      }),
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
        Type.String({ pattern: '^[^\\r\\n\\0]*$' }),
        { description: 'Sent with every request; values never reach a run bundle.' },
      ),
    ),
    body: Type.Optional(Type.Unknown({ description: 'A fixed JSON body instead of generated windows.' })),
    template: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000_000,
        description:
          'The body of a foreign service with places to fill: {{data}}, {{rows}}, {{ts}}, {{values.COLUMN}}, {{last.COLUMN}}, {{horizon}}, {{index}} (different in every request).',
      }),
    ),
    rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Rows of a window.' })),
    step_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'Seconds between rows.' })),
    columns: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 500 })),
    horizon: Type.Optional(
      Type.Union(
        [
          Type.Integer({ minimum: 1, maximum: 10_000 }),
          Type.Array(Type.Integer({ minimum: 1, maximum: 10_000 }), { minItems: 1, maxItems: SERIES_MAX }),
        ],
        { description: 'Steps ahead; a list is a mix that requests go through in turn.' },
      ),
    ),
    data: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: SERIES_MAX }),
        ],
        {
          description:
            "CSV files whose rows become the windows, relative to the scenario's folder; a list is a mix of series in turn.",
        },
      ),
    ),
    timeout_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: TIMEOUT_S_MAX })),
    keep_alive: Type.Optional(Type.Boolean({ description: 'False closes the connection after every answer.' })),
    requests_per_connection: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: REQUESTS_PER_USER_MAX,
        description: 'A connection is closed after so many requests.',
      }),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          insecure: Type.Optional(Type.Boolean({ description: 'Accept any certificate.' })),
          ca: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of the authority to trust.' })),
        },
        described,
      ),
    ),
    check: Type.Optional(
      Type.Union([Type.Literal('status'), Type.Literal('json'), Type.Literal('predictions')], {
        description:
          'What makes an answer right; predictions also checks values, their number and the first timestamp.',
      }),
    ),
    expect: Type.Optional(ExpectSchema),
  },
  described,
);

/** Search for the largest rate that keeps a requirement. */
const SearchSchema = Type.Object(
  {
    require: Type.Optional(
      Type.String({
        description: 'What the rate must keep, such as p95<200ms; by default twice the p95 of the lowest level.',
      }),
    ),
    step_s: Type.Optional(Type.Number({ minimum: 1, maximum: 3_600, description: 'Length of a step.' })),
    confirm_s: Type.Optional(
      Type.Number({ minimum: 1, maximum: 36_000, description: 'Length of the confirming step.' }),
    ),
    precision: Type.Optional(
      Type.Number({ minimum: 0.01, maximum: 0.5, description: 'The bracket is narrowed to this share of the rate.' }),
    ),
    rate_max: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: RATE_MAX })),
  },
  described,
);

export const ScenarioSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    generators: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'Generator processes.' })),
    request: Type.Optional(RequestSchema),
    phases: Type.Array(PhaseSchema, { minItems: 1, maxItems: PHASES_MAX }),
    search: Type.Optional(SearchSchema),
    require: Type.Optional(
      Type.Array(Type.String(), { maxItems: 100, description: 'Requirements in the grammar of --require.' }),
    ),
    abort: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 20,
        description:
          'The run ends when one of these holds for the last 5 seconds of a phase, such as success<50% or p95>10s.',
      }),
    ),
  },
  { ...described, title: 'Load-test scenario of flts' },
);

export type Scenario = Static<typeof ScenarioSchema>;
export type ScenarioPhase = Static<typeof PhaseSchema>;
export type ScenarioRequest = Static<typeof RequestSchema>;
export type ScenarioSearch = Static<typeof SearchSchema>;
export type ScenarioExpect = Static<typeof ExpectSchema>;
