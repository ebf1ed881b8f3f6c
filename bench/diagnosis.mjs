/**
 * Does the diagnosis name the right cause where the service is real? Small services with one planted trouble each, as
 * processes; loaded by `flts loadtest`, diagnosed as a report would; then the remedy is made and its prediction held
 * against a run with it. Prints one line a system and a table.
 *
 *   npm run bench -- diagnosis [--rounds 1] [--seconds 6] [--only cpu,network] [--first-seed 1]
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkPrediction } from '../dist/domain/diagnosis/index.js';
import { diagnoseBundle, readRunBundle } from '../dist/report/index.js';
import { turnsPerMs } from './diagnosis/computing.mjs';
import { SYSTEMS } from './diagnosis/planted-systems.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '6' },
    only: { type: 'string' },
    'first-seed': { type: 'string', default: '1' },
  },
});
const [rounds, seconds, firstSeed] = [options.rounds, options.seconds, options['first-seed']].map(Number);
const THINK_S = 0.1;
const WARM_UP_S = 2;
const only = options.only?.split(',');
const systems = SYSTEMS.filter(({ cause }) => only === undefined || only.includes(cause ?? 'none'));
/** Told once: the same work before and after a remedy. */
const speed = turnsPerMs();
const folder = mkdtempSync(join(tmpdir(), 'flts-diagnosis-'));
const file = (name) => fileURLToPath(new URL(name, import.meta.url));

async function portOf(child) {
  const [line] = await once(child.stdout, 'data');
  return Number(line.toString());
}

/** The service, and the way to it. */
async function start({ server, wayMs = 0 }) {
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'];
  const args = [
    '--expose-gc',
    file('./diagnosis/planted-server.mjs'),
    JSON.stringify({ ...server, turnsPerMs: speed }),
  ];
  const child =
    server.cores === null
      ? spawn(process.execPath, args, { stdio })
      : spawn('taskset', ['-c', server.cores, process.execPath, ...args], { stdio });
  const children = [child];
  let port = await portOf(child);
  if (wayMs > 0) {
    const relay = fork(file('./diagnosis/delay-relay.mjs'), [port, wayMs].map(String), { stdio });
    children.push(relay);
    port = await portOf(relay);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const ended = children.map((one) => once(one, 'exit'));
      for (const one of children) one.disconnect();
      await Promise.all(ended);
    },
  };
}

/** Phases named by their users, after a warm-up that nobody looks at. */
function scenarioOf(phases, seed) {
  return {
    name: 'planted',
    seed,
    request: { path: '/predict', check: 'json' },
    phases: [
      { name: 'warm-up', kind: 'warmup', users: phases[0].users, think_s: THINK_S, duration_s: WARM_UP_S },
      ...phases.map((phase) => ({ kind: 'custom', think_s: THINK_S, duration_s: seconds, ...phase })),
    ],
  };
}

/** `flts loadtest`, and swaps in the phases but the first. */
async function measure(system, phases, seed) {
  const service = await start(system);
  const [scenario, out] = [join(folder, 'scenario.yaml'), join(folder, 'run')];
  writeFileSync(scenario, JSON.stringify(scenarioOf(phases, seed)));
  const args = ['loadtest', scenario, '--target', service.url, '--out', out, '--json'];
  const generators = ['--generators', String(system.generators ?? 2)];
  const lab = spawn(process.execPath, [file('../dist/cli/main.js'), ...args, ...generators], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(lab, 'close');
  let swapper = null;
  for await (const line of createInterface({ input: lab.stderr })) {
    const isLast = line.includes(`"${phases.at(-1).name}"`) && line.includes('"running"');
    if (system.swapEveryMs > 0 && phases.length > 1 && isLast) {
      swapper ??= setInterval(() => void fetch(`${service.url}/swap`, { method: 'POST' }), system.swapEveryMs);
    }
  }
  await closed;
  clearInterval(swapper);
  await service.stop();
  return readRunBundle(out);
}

function phasesOf(levels) {
  return levels.map((users, i) => ({ users, name: levels.indexOf(users) === i ? String(users) : `${users}-again` }));
}

const number = (value) => (value === null ? '–' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0));

/** How the prediction fared in a run with the remedy. */
async function tryRemedy(system, diagnosis, seed) {
  const { id, ...changes } = system.remedy;
  const prediction = diagnosis.findings.flatMap(({ predictions }) => predictions).find((one) => one.id === id);
  if (prediction === undefined) return { held: false, text: 'not predicted' };
  const changed = { ...system, ...changes, server: { ...system.server, ...changes.server } };
  const phases = phasesOf(system.levels).filter(({ name }) => name === prediction.phase);
  const [after] = (await measure(changed, phases, seed)).run.phases.filter(({ kind }) => kind !== 'warmup');
  const checked = checkPrediction(prediction, { throughput_per_s: after.throughput_per_s, mean_ms: after.mean_ms });
  const text = checked
    .map(
      ({ effect, measured }) =>
        `${number(effect.before)} → ${number(measured)} (${number(effect.lower)}–${number(effect.upper)})`,
    )
    .join('; ');
  return { held: checked.every(({ outcome }) => outcome === 'held'), text };
}

async function tryOnce(system, seed) {
  const bundle = await measure(system, phasesOf(system.levels), seed);
  const diagnosis = diagnoseBundle(bundle);
  const [first] = diagnosis.findings;
  const found =
    system.cause === null
      ? diagnosis.outcome === 'healthy'
      : diagnosis.outcome === 'cause' && first.cause === system.cause;
  const remedy = system.remedy === null ? null : await tryRemedy(system, diagnosis, seed + 1000);
  const scores = diagnosis.findings.slice(0, 3).map(({ cause, score }) => `${cause} ${score.toFixed(2)}`);
  console.log(
    `${system.cause ?? 'none'}, seed ${seed}: ${found ? 'found' : 'MISSED'} (${scores.join(', ')})` +
      (remedy === null ? '' : `; ${remedy.held ? 'held' : 'REFUTED'}: ${remedy.text}`),
  );
  return { found, remedy };
}

const rows = [];
for (const system of systems) {
  const tries = [];
  for (let round = 0; round < rounds; round++) tries.push(await tryOnce(system, firstSeed + round));
  const held = tries.filter(({ remedy }) => remedy?.held).length;
  const cells = [
    system.cause ?? 'none',
    system.planted,
    `${tries.filter(({ found }) => found).length} of ${rounds}`,
    system.remedy === null ? '–' : `${held} of ${rounds}`,
  ];
  rows.push(`| ${cells.join(' | ')} |`);
}
rmSync(folder, { recursive: true });
console.log(`\n| cause | planted | found | prediction held |\n|---|---|---|---|\n${rows.join('\n')}`);
