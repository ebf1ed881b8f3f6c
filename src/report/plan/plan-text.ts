import type { CapacityFit, CapacityModel, Estimate, PathName, ScalingPath } from '../../domain/capacity/index.js';
import { count, decimal, milliseconds, perSecond } from '../format.js';
import { snakeKeys } from '../snake-keys.js';
import type { Plan } from './build-plan.js';

type Fact = readonly [label: string, value: string];

/** 320/s (300–340); one figure where the interval is no wider than its print. */
function withInterval({ value, lower, upper }: Estimate, say: (value: number) => string): string {
  const [a, b] = [say(lower), say(upper)];
  return a === b ? say(value) : `${say(value)} (${a}–${Number.isFinite(upper) ? b : 'open'})`;
}

const percent = (share: number): string => `${decimal(share * 100, 1)} %`;
const coefficient = (value: number): string => (value === 0 ? '0' : value.toPrecision(2));

/** What the highest throughput is and where, in words. */
export function ceilingText({ ceilingPerS, ceilingIs, peakUsers, levels, usersMax }: CapacityModel): string {
  if (ceilingPerS === null) return `none shows up to ${count(usersMax)} users`;
  const rate = withInterval(ceilingPerS, (value) => `${perSecond(value)}/s`);
  if (ceilingIs === 'bound' || peakUsers === null) return `no load brings more than ${rate} (λ/σ)`;
  const most = levels.at(-1)?.users ?? 0;
  const beyond = peakUsers.value > most ? `, beyond the ${count(most)} that were measured` : '';
  return `${rate} at ${withInterval(peakUsers, (value) => decimal(value, 0))} users${beyond}; more users bring fewer answers`;
}

/** What was held out and how far the law missed it. */
export function heldOutText({ heldOut, error, p95Error }: CapacityModel): string {
  const users = heldOut.map((level) => count(level.users)).join(' and ');
  const p95 = p95Error === null ? 'p95 was not measured everywhere' : `p95 by ${percent(p95Error)}`;
  return `levels ${users} predicted from the others: throughput off by ${percent(error)} at most, ${p95}`;
}

/** The fitted law and what it was held against; for a refused fit, why. */
export function fitFacts(fit: CapacityFit): Fact[] {
  const { model } = fit;
  if (model === null) return [['law', `none: ${fit.refusal}`]];
  return [
    [
      'law',
      `λ ${withInterval(model.lambda, (value) => `${perSecond(value)}/s`)}, σ ${withInterval(model.sigma, coefficient)}, κ ${withInterval(model.kappa, coefficient)}`,
    ],
    ['held out', heldOutText(model)],
    ['ceiling', ceilingText(model)],
  ];
}

/** The target in words: 100 users, p95 ≤ 2,000 ms. */
export function targetText({ target, isP95Asked, success }: Plan): string {
  return [
    ...(target.users === null ? [] : [`${count(target.users)} ${target.users === 1 ? 'user' : 'users'}`]),
    ...(target.ratePerS === null ? [] : [`${perSecond(target.ratePerS)} requests/s`]),
    `p95 ≤ ${milliseconds(target.p95Ms)} ms${isP95Asked ? '' : ' (twice that of one user)'}`,
    ...(success === null ? [] : [`success ≥ ${Number((success * 100).toPrecision(6))} %`]),
  ].join(', ');
}

const LIMITS = {
  p95: 'p95 ends there',
  peak: 'throughput falls beyond',
  reach: 'no statement beyond twice the users measured',
} as const;

function podText({ sizes }: Plan): string | null {
  if (sizes === null) return null;
  const range = (a: number, b: number, unit: string): string => `${a}${unit} → ${b}${unit}`;
  const { cpuRequestMilli: cpu, cpuLimitMilli: cpuMax, memoryRequestMib: memory, memoryLimitMib: memoryMax } = sizes;
  return [
    ...(cpu === null || cpuMax === null ? [] : [`CPU ${range(cpu.value, cpuMax.value, 'm')}`]),
    ...(memory === null || memoryMax === null ? [] : [`memory ${range(memory.value, memoryMax.value, 'Mi')}`]),
    ...(sizes.workers === null ? [] : [`workers ${sizes.workers.value}`]),
    ...(sizes.concurrencyLimit === null ? [] : [`concurrency ${sizes.concurrencyLimit.value}`]),
    `queue ${count(sizes.queueLength.value)}`,
  ].join(', ');
}

/** What to deploy and what it is predicted to do. */
export function planFacts(plan: Plan): Fact[] {
  const found = plan.plan;
  if (found === null) return [];
  const exact =
    found.replicasIfExact === found.replicas ? '' : `, ${count(found.replicasIfExact)} if the fitted values are exact`;
  const { users, ratePerS, limitedBy } = found.perReplica;
  const pod = podText(plan);
  return [
    ['replicas', `${count(found.replicas)} at the cautious end of the intervals${exact}`],
    [
      'each',
      `${decimal(users, 1)} users, ${withInterval(ratePerS, (value) => `${perSecond(value)}/s`)} at most: ${LIMITS[limitedBy]}`,
    ],
    [
      'predicted',
      `${withInterval(found.throughputPerS, (value) => `${perSecond(value)}/s`)}, p95 ${withInterval(found.p95Ms, milliseconds)} ms`,
    ],
    ...(pod === null ? [] : [['pod', pod] as const]),
  ];
}

const PATHS: Record<PathName, string> = {
  today: 'as measured',
  horizontal: 'more replicas',
  vertical: 'larger replicas',
  both: 'more and larger',
  gpu: 'GPU',
};

const RESTS: Record<ScalingPath['rests'], string> = {
  measured: 'measured',
  cpu: 'assumed: speed-up per CPU doubling',
  gpu: 'assumed: speed-up and price of a GPU',
};

export const PATH_TITLES = [
  'way',
  'replicas',
  'CPU each',
  'req/s',
  'p95 ms',
  'cost',
  'complexity',
  'rests on',
] as const;

/** One row a way; what a way cannot reach is said in its last cell. */
export function pathRows(paths: readonly ScalingPath[]): string[][] {
  return paths.map((path) => [
    PATHS[path.name],
    path.refusal !== null && path.throughputPerS === null ? '–' : count(path.replicas),
    `× ${path.cpuFactor}`,
    path.throughputPerS === null ? '–' : withInterval(path.throughputPerS, perSecond),
    path.p95Ms === null ? '–' : withInterval(path.p95Ms, milliseconds),
    path.throughputPerS === null ? '–' : `× ${decimal(path.cost, 1)}`,
    path.complexity,
    path.refusal === null ? RESTS[path.rests] : `not enough: ${path.refusal.replace(/\.$/, '')}`,
  ]);
}

/** The plan with snake_case keys, indented; the resampled laws, which only intervals are made of, are left out. */
export function renderPlanJson(plan: Plan): string {
  const replacer = (key: string, inner: unknown): unknown => (key === 'resamples' ? undefined : snakeKeys(inner));
  return `${JSON.stringify(plan, replacer, 2)}\n`;
}
