import { createHash, randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { FltsError, type Run, type RunInstrumentLevel, type Scenario } from '../contract/index.js';
import { parseRequirement, type Requirement } from '../domain/stats/index.js';
import { AbortWatch } from './abort-watch.js';
import { assembleRun, type RunFacts } from './assemble-run.js';
import { type DrivenPhase, LoadDriver } from './drive-phases.js';
import type { Shard } from './generator/generator-pool.js';
import { measureFloor } from './measure-floor.js';
import { answersNull, preflight } from './preflight.js';
import { inClusterAccess, KubeProbe, podRestarts } from './probe/kube-probe.js';
import { machineView } from './probe/machine.js';
import { restartsOf } from './probe/restarts.js';
import { residentMemory } from './probe/resident-memory.js';
import { ProbeClient, ServerProbe } from './probe/server-probe.js';
import { type LoadProgress, ProgressTeller } from './progress.js';
import { loadHistograms } from './record/histogram.js';
import { SampleStore } from './record/sample-store.js';
import { SHARD_SCHEMA_VERSION, type ShardFile } from './record/shard-file.js';
import { prepareBundleFolder, writeBundle } from './record/write-bundle.js';
import { describeRequest, nullRequestPlan, requestPlan } from './request-plan.js';
import { scenarioProblems } from './scenario/load-scenario.js';
import { phasePlan } from './scenario/phase-plan.js';
import { checkConsent, resolveTarget } from './scenario/resolve-target.js';
import { requirementProblem } from './scenario/scenario-rules.js';
import { ScenarioRun } from './scenario-run.js';

const DEFAULT_SEED = 1;
/** More processes than cores only take time from each other; two carry far more than a closed run usually asks. */
const DEFAULT_GENERATORS_MAX = 2;

export interface LoadTestOptions {
  readonly scenario: Scenario;
  /** Folder that the scenario's own paths are relative to; the working folder by default. */
  readonly scenarioFolder?: string;
  readonly target: string;
  /** Where the run bundle goes; made when it is not there. */
  readonly outDir: string;
  /** Requirements beside those of the scenario, in the grammar of `--require`. */
  readonly require?: readonly string[];
  /** Route or URL for the instrument's floor; `/livez` by default. */
  readonly nullUrl?: string;
  /** Requests per second that `of_capacity` refers to; else the best throughput of a phase before. */
  readonly capacityPerS?: number;
  /** Which part of a load that is spread over machines this is, and when its first phase starts. */
  readonly shard?: Shard & { readonly startAt: Date };
  /** Label selector of the target's pods, asked of the cluster that this run is in. */
  readonly kube?: { readonly selector: string; readonly env: NodeJS.ProcessEnv };
  /** Consent to load a host beyond this machine. */
  readonly consent?: boolean;
  /** Version that the bundle records. */
  readonly version: string;
  /** Ends the phase that runs; what was measured until then is still written. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** The built entry of the generator processes; beside this file by default. */
  readonly generatorUrl?: URL;
}

export interface RunResult {
  readonly run: Run;
  /** The bundle's folder. */
  readonly folder: string;
}

/** Requirements of the scenario, of its phases, and of the command line. */
function readRequirements(options: LoadTestOptions): Requirement[] {
  const { scenario } = options;
  const names = new Set(scenario.phases.map((phase) => phase.name));
  const ofPhases = scenario.phases.flatMap(({ name, require: texts }) =>
    (texts ?? []).map((text) => text.replace(/^\s*([A-Za-z][\w.]*)/, (figure) => `${figure}@${name}`)),
  );
  return [...(scenario.require ?? []), ...ofPhases, ...(options.require ?? [])].map((text) => {
    const parsed = parseRequirement(text);
    const problem = requirementProblem(text, names);
    if (typeof parsed === 'string' || problem !== null) throw new FltsError('FLTS_USAGE', `${problem ?? ''}.`);
    return parsed;
  });
}

function readAbortRules(scenario: Scenario): Requirement[] {
  return (scenario.abort ?? []).flatMap((text) => {
    const parsed = parseRequirement(text);
    return typeof parsed === 'string' ? [] : [parsed]; // the scenario was checked before
  });
}

/** Phases that refer to a capacity need one: given, or measured by a phase before. */
function checkCapacity({ scenario, capacityPerS, shard }: LoadTestOptions): void {
  if (capacityPerS !== undefined && !(capacityPerS > 0 && Number.isFinite(capacityPerS))) {
    throw new FltsError('FLTS_USAGE', `--capacity must be a rate above 0, not ${capacityPerS}.`);
  }
  const first = scenario.phases.findIndex((phase) => phase.of_capacity !== undefined);
  if (first >= 0 && capacityPerS === undefined) {
    const measured = scenario.phases.slice(0, first).some((phase) => phase.kind !== 'warmup');
    if (!measured || shard !== undefined) {
      throw new FltsError(
        'FLTS_USAGE',
        `Phase ${scenario.phases[first]?.name ?? ''} refers to the capacity, which ${shard === undefined ? 'no phase before it measures' : 'every shard must know'}: give it with --capacity.`,
      );
    }
  }
}

/** Shards share one timetable, so every phase must know its length beforehand. */
function checkShard({ scenario, shard }: LoadTestOptions): void {
  if (shard === undefined) return;
  if (scenario.search !== undefined) {
    throw new FltsError(
      'FLTS_USAGE',
      'A search for the capacity cannot be spread over shards: its next step depends on the last.',
    );
  }
  const untimed = scenario.phases.find(
    (phase) => phase.duration_s === undefined || phase.requests_per_user !== undefined,
  );
  if (untimed !== undefined) {
    throw new FltsError(
      'FLTS_USAGE',
      `Phase ${untimed.name} has no fixed length, so shards cannot keep step: give it duration_s alone.`,
    );
  }
}

/** The hardest load of a scenario, for whoever has to consent to it. */
function peakOf(scenario: Scenario): { users: number; ratePerS: number } {
  return {
    users: Math.max(0, ...scenario.phases.map((phase) => phase.users ?? 0)),
    ratePerS: Math.max(0, ...scenario.phases.map((phase) => phase.rate ?? 0)),
  };
}

/** Everything that can go wrong before the first measured request goes wrong here. */
async function prepare(options: LoadTestOptions) {
  const { scenario, outDir } = options;
  const problems = scenarioProblems(scenario);
  if (problems.length > 0) throw new FltsError('FLTS_SCENARIO', `${problems.map(({ text }) => text).join('; ')}.`);
  const requirements = readRequirements(options);
  checkCapacity(options);
  checkShard(options);
  const target = resolveTarget(options.target);
  checkConsent(target, peakOf(scenario), options.consent ?? false);
  const seed = scenario.seed ?? DEFAULT_SEED;
  const plan = await requestPlan(scenario.request ?? {}, target, seed, options.scenarioFolder ?? '.');
  const warning = await preflight(plan, target.url);
  await prepareBundleFolder(outDir);
  const nullPlan = nullRequestPlan(plan, target, options.nullUrl ?? null);
  const hasFloor = await answersNull(nullPlan);
  await loadHistograms();
  const { kube } = options;
  const cluster = kube === undefined ? null : new KubeProbe(await inClusterAccess(kube.env), kube.selector);
  return { cluster, requirements, target, seed, plan, warning, nullPlan, hasFloor };
}

/** The same for every shard of one load, whatever machine it runs on. */
function scenarioDigest(scenario: Scenario): string {
  return createHash('sha256').update(JSON.stringify(scenario)).digest('hex');
}

/** Loads of the measured phases that are known beforehand, for the instrument's floor. */
function knownPlans({ scenario, capacityPerS }: LoadTestOptions, seed: number) {
  return scenario.phases
    .filter((phase) => phase.kind !== 'warmup' && (phase.of_capacity === undefined || capacityPerS !== undefined))
    .map((phase) => phasePlan(phase, capacityPerS ?? null, seed));
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

/** What run.json says of the run besides its figures. */
function headOf(
  { scenario, shard, version }: LoadTestOptions,
  { plan, nullPlan, hasFloor, target, seed }: Prepared,
  done: {
    readonly run: ScenarioRun;
    readonly probe: ServerProbe;
    readonly store: SampleStore;
    readonly server: Record<string, unknown> | null;
    readonly levels: RunInstrumentLevel[];
    readonly started: Date;
    readonly interrupted: boolean;
    readonly processes: number;
  },
): RunFacts['head'] {
  const { run, probe, store, server } = done;
  const { uptime } = probe;
  return {
    run_id: randomUUID(),
    started: done.started.toISOString(),
    ended: new Date().toISOString(),
    interrupted: done.interrupted,
    scenario: { name: scenario.name ?? 'custom', seed, request: describeRequest(plan, scenario.request ?? {}) },
    target: { url: target.url, ...(server === null ? {} : { server }) },
    versions: { flts: version, node: process.version },
    machine: machineView(),
    generators: { processes: done.processes, keep_alive: plan.connection.keepAlive },
    instrument: hasFloor ? { url: nullPlan.path, levels: done.levels } : null,
    uptime: uptime?.share ?? null,
    readiness_probes: uptime?.probes ?? 0,
    samples: { kept: store.kept, of: store.seen },
    ...(probe.podsAfter.length === 0 ? {} : { cluster: [...probe.podsAfter] }),
    ...(run.capacity === null ? {} : { capacity: run.capacity }),
    ...(run.aborted === undefined ? {} : { aborted: run.aborted }),
    ...(shard === undefined
      ? {}
      : {
          shard: {
            index: shard.index,
            count: shard.count,
            start_at: shard.startAt.toISOString(),
            scenario_sha256: scenarioDigest(scenario),
          },
        }),
  };
}

function shardFile({ seed, requirements }: Prepared, driven: readonly DrivenPhase[], epochMs: number): ShardFile {
  return {
    schema_version: SHARD_SCHEMA_VERSION,
    seed,
    epochMs,
    requirements: requirements.map(({ text }) => text),
    phases: driven.map(({ recorder, generators, problems }) => ({ state: recorder.state(), generators, problems })),
  };
}

function warningsOf(
  { warning, hasFloor, nullPlan }: Prepared,
  run: ScenarioRun,
  { interrupted, shard }: { readonly interrupted: boolean; readonly shard: Shard | undefined },
): string[] {
  const { aborted } = run;
  return [
    ...(shard === undefined
      ? []
      : [`Shard ${shard.index + 1} of ${shard.count}: counts and rates are those of its share of the load.`]),
    ...(warning === null ? [] : [warning]),
    ...(hasFloor ? [] : [`The instrument's floor was not measured: ${nullPlan.path} does not answer with 2xx.`]),
    ...(interrupted ? ['The run was ended by hand before its plan was done.'] : []),
    ...(aborted === undefined ? [] : [`The run was ended in phase ${aborted.phase} because ${aborted.rule} held.`]),
  ];
}

/**
 * Runs a scenario against a target from generator processes of their own, and writes the run bundle. Ends in order on
 * `signal`. Throws FltsError: FLTS_SCENARIO, FLTS_USAGE, FLTS_TARGET_DOWN, FLTS_TARGET_REFUSED, FLTS_TARGET_NOT_LOCAL,
 * FLTS_CANNOT_WRITE; FLTS_INTERRUPTED when it was ended before anything was measured.
 */
export async function runLoadTest(options: LoadTestOptions): Promise<RunResult> {
  const { scenario, outDir, shard } = options;
  const prepared = await prepare(options);
  const { plan, nullPlan, hasFloor, requirements, target, seed } = prepared;
  const signal = options.signal ?? new AbortController().signal;
  const store = new SampleStore(seed);
  const watch = new AbortWatch(readAbortRules(scenario));
  const processes = scenario.generators ?? Math.min(DEFAULT_GENERATORS_MAX, availableParallelism());
  const driver = new LoadDriver({
    generators: processes,
    shard: shard ?? { index: 0, count: 1 },
    generatorUrl: options.generatorUrl ?? new URL('./generator/generator-process.js', import.meta.url),
    request: plan,
    nullRequest: hasFloor ? nullPlan : null,
    store,
    signal,
    onBatch: (batch) => {
      watch.add(batch);
    },
  });
  const client = new ProbeClient(target.url, plan.headers);
  const teller = new ProgressTeller(driver, scenario.phases.length, options.onProgress);
  const probe = new ServerProbe(client, driver.nowUs, () => teller.phaseName, prepared.cluster);
  const run = new ScenarioRun(options, { driver, teller, probe, signal, seed, watch });
  teller.watch(probe);
  const started = new Date();
  try {
    await driver.start();
    const server = await probe.discover();
    const levels = hasFloor ? await measureFloor(driver, knownPlans(options, seed), signal) : [];
    probe.start();
    await run.run();
    await probe.stop();
    const { driven } = run;
    if (driven.length === 0) throw new FltsError('FLTS_INTERRUPTED', 'The run was ended before anything was measured.');
    const assembled = assembleRun({
      head: headOf(options, prepared, {
        run,
        probe,
        store,
        server,
        levels,
        started,
        interrupted: signal.aborted,
        processes,
      }),
      driven,
      requirements,
      seed,
      rss: residentMemory(probe.samples),
      restarts: [...restartsOf(probe.samples, driver.epochMs), ...podRestarts(probe.podsBefore, probe.podsAfter)],
      warnings: warningsOf(prepared, run, { interrupted: signal.aborted, shard }),
    });
    teller.writing();
    await writeBundle(outDir, {
      run: assembled,
      recorders: driven.map(({ recorder }) => recorder),
      samples: store.samples(),
      server: probe.samples,
      epochMs: driver.epochMs,
      shard: shard === undefined ? null : shardFile(prepared, driven, driver.epochMs),
    });
    return { run: assembled, folder: outDir };
  } finally {
    teller.stop();
    await probe.stop();
    await Promise.all([driver.close(), client.close(), prepared.cluster?.close()]);
    for (const { recorder } of run.driven) recorder.destroy();
  }
}
