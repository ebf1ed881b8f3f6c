/** What `flts loadtest --init` writes: a scenario that runs as it is, with what else could be said as comments. */
export const INITIAL_SCENARIO = `# A load-test scenario. Run it with: flts loadtest THIS-FILE --target http://127.0.0.1:8000
# Lengths are seconds. docs/reference/scenario.schema.json tells an editor what may stand here.
name: my-service
seed: 1                      # the same seed sends the same requests at the same times

request:
  path: /predict             # below the target
  timeout_s: 10
  # headers: {X-Api-Key: "…"}    values never reach the run bundle
  # data: [a.csv, b.csv]         windows from your own rows; several files are sent in turn
  # horizon: [1, 10, 30]         a mix of horizons
  # A service of another shape: say what is sent, and what a right answer has.
  # template: '{"inputs": {{rows}}, "steps": {{horizon}}, "id": {{index}}}'
  # expect: {status: [200], fields: [/outputs/0]}
  # keep_alive: true
  # requests_per_connection: 1000
  # tls: {ca: authority.pem}

phases:
  - name: warm-up
    kind: warmup             # driven, but not counted
    users: 2
    duration_s: 5
  - name: steady
    users: 10                # each sends, waits for the answer, thinks, sends again
    think_s: 0
    duration_s: 30
    require: [p95<2s]
  - name: rate
    rate: 50                 # arrivals per second, however slow the answers are
    arrivals: poisson        # or constant
    duration_s: 30
  # - {name: ramp, kind: ramp, from_users: 5, users: 30, step_users: 5, duration_s: 60}
  # - {name: spike, kind: spike, from_rate: 50, rate: 150, duration_s: 60}
  # - {name: soak, kind: soak, of_capacity: 0.6, duration_s: 3600}

require:
  - success>=99.9%

# abort: [success<50%]       ends the run early; what was measured is kept
# search: {require: p95<200ms}   then look for the largest rate that keeps this
`;
