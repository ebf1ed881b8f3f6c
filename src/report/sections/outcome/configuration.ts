import type { Run, RunPhase } from '../../../contract/index.js';
import { bytes, count, perSecond, seconds } from '../../format.js';
import { type Block, figureTable, type Section } from '../../model.js';

type Facts = (readonly [string, string])[];

function field(source: unknown, ...keys: string[]): unknown {
  let value = source;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function osOf(machine: unknown): string {
  const os = field(machine, 'os');
  return typeof os === 'string' ? os : 'unknown system';
}

/** Adds a fact where there is something to say. */
function add(facts: Facts, label: string, value: unknown, say: (value: number | string) => string = String): void {
  if (typeof value === 'string' && value !== '') facts.push([label, say(value)]);
  else if (typeof value === 'number') facts.push([label, say(value)]);
}

/** Where and against what the run was made. */
export function environmentFacts(run: Run): Facts {
  const facts: Facts = [];
  add(facts, 'Date', run.started, (value) =>
    String(value)
      .replace('T', ' ')
      .replace(/\.\d+Z$/, ' UTC')
      .replace(/Z$/, ' UTC'),
  );
  add(facts, 'Scenario', run.scenario?.name);
  add(facts, 'Target', run.target?.url);
  const request = run.scenario?.request;
  const method = field(request, 'method');
  const path = field(request, 'path');
  if (typeof method === 'string' && typeof path === 'string') facts.push(['Request', `${method} ${path}`]);
  const server = run.target?.server;
  const model = field(server, 'current_model_type');
  const runId = field(server, 'current_run_id');
  if (typeof model === 'string') {
    facts.push(['Model', typeof runId === 'string' ? `${model} (run_id ${runId})` : model]);
  }
  add(facts, 'Service build', field(server, 'build_version'));
  add(
    facts,
    'Load generator',
    run.versions?.['flts'],
    (value) => `flts ${value}, Node ${run.versions?.['node'] ?? '?'}`,
  );
  const machine = run.machine;
  const cores = field(machine, 'cpu_cores');
  const cpu = field(machine, 'cpu_model');
  if (typeof cores === 'number') {
    const memory = field(machine, 'memory_bytes');
    facts.push([
      'Generator machine',
      `${cores} cores${typeof cpu === 'string' ? ` (${cpu})` : ''}${typeof memory === 'number' ? `, ${bytes(memory)} memory` : ''}, ${osOf(machine)}`,
    ]);
  }
  return facts;
}

function lengthOf(phase: RunPhase): string {
  return phase.duration_s === undefined ? '–' : seconds(phase.duration_s);
}

/** What a phase loads with; `5 → 30` where it changes. */
function loadCell(phase: RunPhase): string {
  const { users, from_users: fromUsers, rate, from_rate: fromRate, arrivals } = phase;
  if (users !== undefined)
    return `${fromUsers === undefined ? '' : `${count(fromUsers)} → `}${count(users)} ${users === 1 ? 'user' : 'users'}`;
  if (rate === undefined) return '–';
  const process = arrivals === 'poisson' ? ' (Poisson)' : '';
  return `${fromRate === undefined ? '' : `${perSecond(fromRate)} → `}${perSecond(rate)}/s${process}`;
}

function phasesTable(run: Run): Block {
  const steps = run.phases.filter((phase) => phase.kind === 'search').length;
  const notes = [
    ...(run.phases.some((phase) => phase.kind === 'warmup') ? ['Warm-up phases are driven but not counted.'] : []),
    ...(steps === 0 ? [] : [`${count(steps)} more phases searched for the largest rate: see Capacity.`]),
  ];
  return figureTable(
    ['Phase', 'Load', 'Think time', 'Requests/user', 'Requests', 'Length'],
    run.phases
      .filter((phase) => phase.kind !== 'search')
      .map((phase) => [
        `${phase.name}${phase.kind === 'warmup' && !/^warm-?up$/i.test(phase.name) ? ' (warm-up)' : ''}`,
        loadCell(phase),
        phase.think_s === undefined ? '–' : phase.think_s === 0 ? 'none' : seconds(phase.think_s),
        phase.requests_per_user === undefined ? '–' : count(phase.requests_per_user),
        phase.requests === undefined ? '–' : count(phase.requests),
        lengthOf(phase),
      ]),
    notes.length === 0 ? null : notes.join(' '),
  );
}

function serviceFacts(run: Run): Facts {
  const facts: Facts = [];
  const server = run.target?.server;
  const replicas = new Set(run.phases.flatMap((phase) => Object.keys(phase.replicas ?? {})));
  if (replicas.size > 0) facts.push(['Replicas that answered', `${replicas.size}: ${[...replicas].sort().join(', ')}`]);
  for (const pod of run.cluster ?? []) {
    facts.push([
      `Pod ${pod.name}`,
      `${pod.phase}, ${count(pod.restarts)} restarts${pod.oom_killed ? ', killed for want of memory' : ''}`,
    ]);
  }
  add(facts, 'Inference workers of each', field(server, 'workers'));
  const limit = field(server, 'limit');
  if (limit === null) facts.push(['Concurrency limit', 'none']);
  else add(facts, 'Concurrency limit', limit);
  add(facts, 'CPU cores of the machine', field(server, 'process', 'cpu_cores'));
  const cpuLimit = field(server, 'cgroup', 'cpu_limit_cores');
  const memoryLimit = field(server, 'cgroup', 'memory_limit_bytes');
  if (field(server, 'cgroup') !== undefined) {
    facts.push(['CPU limit (cgroup)', typeof cpuLimit === 'number' ? `${cpuLimit} cores` : 'none']);
    facts.push(['Memory limit (cgroup)', typeof memoryLimit === 'number' ? bytes(memoryLimit) : 'none']);
  }
  return facts;
}

function requestFacts(run: Run): Facts {
  const facts: Facts = [];
  const request = run.scenario?.request;
  add(facts, 'Body', field(request, 'body'));
  const rows = field(request, 'rows');
  const columns = field(request, 'columns');
  if (typeof rows === 'number' && typeof columns === 'number') {
    facts.push([
      'Window',
      `${rows} rows × ${columns} columns, ${String(field(request, 'step_s'))} s apart, horizon ${String(field(request, 'horizon'))}`,
    ]);
  }
  add(facts, 'Answer check', field(request, 'check'));
  add(facts, 'Timeout', field(request, 'timeout_s'), (value) => `${value} s`);
  if (run.generators !== undefined) {
    facts.push([
      'Generator processes',
      `${run.generators.processes}, one connection per user, keep-alive ${run.generators.keep_alive ? 'on' : 'off'}`,
    ]);
  }
  add(facts, 'Seed', run.scenario?.seed);
  return facts;
}

/** What was asked of what. */
export function configurationSection(run: Run): Section {
  const service = serviceFacts(run);
  const request = requestFacts(run);
  return {
    id: 'configuration',
    title: 'Test configuration',
    lead: 'What load was asked for, which request was sent, and what the service says it runs with.',
    blocks: [
      phasesTable(run),
      ...(request.length === 0 ? [] : [{ kind: 'facts' as const, rows: request }]),
      ...(service.length === 0 ? [] : [{ kind: 'facts' as const, rows: service }]),
    ],
  };
}
