import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { FltsError, type Run, type RunInstrumentLevel, type Scenario, type ScenarioPhase } from '../contract/index.js';
import { parseRequirement, percentileFigure, type Requirement } from '../domain/stats/index.js';
import { assembleRun } from './assemble-run.js';
import { type DrivenPhase, LoadDriver } from './drive-phases.js';
import { answersNull, preflight } from './preflight.js';
import { machineView } from './probe/machine.js';
import { restartsOf } from './probe/restarts.js';
import { ProbeClient, ServerProbe } from './probe/server-probe.js';
import { type LoadProgress, ProgressTeller } from './progress.js';
import { loadHistograms } from './record/histogram.js';
import { SampleStore } from './record/sample-store.js';
import { prepareBundleFolder, writeBundle } from './record/write-bundle.js';
import { describeRequest, nullRequestPlan, requestPlan } from './request-plan.js';
import { requirementProblem, scenarioProblems } from './scenario/load-scenario.js';
import { checkConsent, resolveTarget } from './scenario/resolve-target.js';

const DEFAULT_SEED = 1;
/** More processes than cores only take time from each other; two carry far more than a closed run usually asks. */
const DEFAULT_GENERATORS_MAX = 2;
/** Length of each level of the instrument's floor. */
const FLOOR_S = 1;
const FLOOR_WARMUP_S = 0.5;

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

function readRequirements(options: LoadTestOptions): Requirement[] {
  const names = new Set(options.scenario.phases.map((phase) => phase.name));
  return [...(options.scenario.require ?? []), ...(options.require ?? [])].map((text) => {
    const parsed = parseRequirement(text);
    const problem = requirementProblem(text, names);
    if (typeof parsed === 'string' || problem !== null) throw new FltsError('FLTS_USAGE', `${problem ?? ''}.`);
    return parsed;
  });
}

/** Drives the request that does nothing. */
async function driveNull(driver: LoadDriver, users: number, seconds: number): Promise<RunInstrumentLevel> {
  const { recorder, generators } = await driver.drive({
    name: `floor-${users}`,
    kind: 'warmup',
    users,
    thinkUs: 0,
    durationUs: seconds * 1e6,
    requestsPerUser: Number.POSITIVE_INFINITY,
    useNullRequest: true,
  });
  const { requests = 0, throughput_per_s: throughput = 0 } = recorder.figures(generators);
  const { response } = recorder;
  const at = (p: number): number | null =>
    response.count === 0 ? null : percentileFigure(response.count, p, (rank) => response.msAtRank(rank)).value;
  const level = { users, requests, throughput_per_s: throughput, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) };
  recorder.destroy();
  return level;
}

/** Levels of the floor: the measured phases' numbers of users, each once, after a warm-up that nobody looks at. */
async function measureFloor(
  driver: LoadDriver,
  phases: readonly ScenarioPhase[],
  signal: AbortSignal,
): Promise<RunInstrumentLevel[]> {
  const levels: RunInstrumentLevel[] = [];
  const counts = new Set(phases.filter((phase) => phase.kind !== 'warmup').map((phase) => phase.users));
  // Cold code is several times slower, on both sides: the first level would not be a floor.
  await driveNull(driver, Math.max(...counts), FLOOR_WARMUP_S);
  for (const users of counts) {
    if (signal.aborted) break;
    levels.push(await driveNull(driver, users, FLOOR_S));
  }
  return levels;
}

async function drivePhases(
  driver: LoadDriver,
  phases: readonly ScenarioPhase[],
  probe: ServerProbe,
  teller: ProgressTeller,
  signal: AbortSignal,
): Promise<DrivenPhase[]> {
  const driven: DrivenPhase[] = [];
  for (const [index, phase] of phases.entries()) {
    teller.pausing(phase, index);
    await driver.pause(phase.pause_s ?? 0);
    if (signal.aborted) break;
    teller.running(phase, index);
    driven.push(
      await driver.drive({
        name: phase.name,
        kind: phase.kind ?? 'sustained',
        users: phase.users,
        thinkUs: (phase.think_s ?? 0) * 1e6,
        durationUs: (phase.duration_s ?? Number.POSITIVE_INFINITY) * 1e6,
        requestsPerUser: phase.requests_per_user ?? Number.POSITIVE_INFINITY,
        useNullRequest: false,
      }),
    );
    teller.ended();
    await probe.ask(); // what the server says right after the phase
  }
  return driven;
}

/** Everything that can go wrong before the first measured request goes wrong here. */
async function prepare(options: LoadTestOptions) {
  const { scenario, outDir } = options;
  const problems = scenarioProblems(scenario);
  if (problems.length > 0) throw new FltsError('FLTS_SCENARIO', `${problems.map(({ text }) => text).join('; ')}.`);
  const requirements = readRequirements(options);
  const target = resolveTarget(options.target);
  checkConsent(target, Math.max(...scenario.phases.map((phase) => phase.users)), options.consent ?? false);
  const seed = scenario.seed ?? DEFAULT_SEED;
  const plan = await requestPlan(scenario.request ?? {}, target, seed, options.scenarioFolder ?? '.');
  const warning = await preflight(plan, target.url);
  await prepareBundleFolder(outDir);
  const nullPlan = nullRequestPlan(plan, target, options.nullUrl ?? null);
  const hasFloor = await answersNull(nullPlan);
  await loadHistograms();
  return { requirements, target, seed, plan, warning, nullPlan, hasFloor };
}

/**
 * Runs a scenario against a target from generator processes of their own, and writes the run bundle. Ends in order on
 * `signal`. Throws FltsError: FLTS_SCENARIO, FLTS_USAGE, FLTS_TARGET_DOWN, FLTS_TARGET_REFUSED, FLTS_TARGET_NOT_LOCAL,
 * FLTS_CANNOT_WRITE; FLTS_INTERRUPTED when it was ended before anything was measured.
 */
export async function runLoadTest(options: LoadTestOptions): Promise<RunResult> {
  const { scenario, outDir } = options;
  const { plan, nullPlan, hasFloor, requirements, target, seed, warning } = await prepare(options);
  const signal = options.signal ?? new AbortController().signal;
  const store = new SampleStore(seed);
  const processes = scenario.generators ?? Math.min(DEFAULT_GENERATORS_MAX, availableParallelism());
  const driver = new LoadDriver({
    generators: processes,
    generatorUrl: options.generatorUrl ?? new URL('./generator/generator-process.js', import.meta.url),
    request: plan,
    nullRequest: hasFloor ? nullPlan : null,
    store,
    signal,
  });
  const client = new ProbeClient(target.url, plan.headers);
  const teller = new ProgressTeller(driver, scenario.phases.length, options.onProgress);
  const probe = new ServerProbe(client, driver.nowUs, () => teller.phaseName);
  teller.watch(probe);
  const started = new Date();
  let driven: DrivenPhase[] = [];
  try {
    await driver.start();
    const server = await probe.discover();
    const levels = hasFloor ? await measureFloor(driver, scenario.phases, signal) : [];
    probe.start();
    driven = await drivePhases(driver, scenario.phases, probe, teller, signal);
    await probe.stop();
    if (driven.length === 0) throw new FltsError('FLTS_INTERRUPTED', 'The run was ended before anything was measured.');
    const { uptime } = probe;
    const run = assembleRun({
      head: {
        run_id: randomUUID(),
        started: started.toISOString(),
        ended: new Date().toISOString(),
        interrupted: signal.aborted,
        scenario: { name: scenario.name ?? 'custom', seed, request: describeRequest(plan, scenario.request ?? {}) },
        target: { url: target.url, ...(server === null ? {} : { server }) },
        versions: { flts: options.version, node: process.version },
        machine: machineView(),
        generators: { processes, keep_alive: plan.keepAlive },
        instrument: hasFloor ? { url: nullPlan.path, levels } : null,
        uptime: uptime?.share ?? null,
        readiness_probes: uptime?.probes ?? 0,
        samples: { kept: store.kept, of: store.seen },
      },
      driven,
      requirements,
      restarts: restartsOf(probe.samples, driver.epochMs),
      warnings: [
        ...(warning === null ? [] : [warning]),
        ...(hasFloor ? [] : [`The instrument's floor was not measured: ${nullPlan.path} does not answer with 2xx.`]),
        ...(signal.aborted ? ['The run was ended by hand before its plan was done.'] : []),
      ],
    });
    teller.writing();
    const recorders = driven.map(({ recorder }) => recorder);
    await writeBundle(outDir, { run, recorders, samples: store, server: probe.samples, epochMs: driver.epochMs });
    return { run, folder: outDir };
  } finally {
    teller.stop();
    await probe.stop();
    await Promise.all([driver.close(), client.close()]);
    for (const { recorder } of driven) recorder.destroy();
  }
}
