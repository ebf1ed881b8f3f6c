import type { DeploymentSizes, Sized } from './deployment-sizes.js';
import type { Plan } from './build-plan.js';

/** Kinds of files, by how their names end. */
export const EMITTED = ['values.yaml', 'hpa.yaml', 'keda.yaml', '.env'] as const;
export type EmittedKind = (typeof EMITTED)[number];

/** Which file a name asks for; null: none. */
export function emittedKind(path: string): EmittedKind | null {
  return EMITTED.find((kind) => path.endsWith(kind)) ?? null;
}

const cores = (milli: number): string => `${milli}m`;
const mebibytes = (mib: number): string => `${mib}Mi`;

/** A comment that says where a number came from, then the number under its key. */
function entry(indent: number, key: string, sized: Sized, say: (value: number) => string = String): string[] {
  const space = ' '.repeat(indent);
  return [`${space}# ${sized.from}`, `${space}${key}: ${say(sized.value)}`];
}

function optional(indent: number, key: string, sized: Sized | null, say?: (value: number) => string): string[] {
  return sized === null ? [] : entry(indent, key, sized, say);
}

function block(indent: number, key: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${' '.repeat(indent)}${key}:`, ...lines];
}

/** Environment settings that the plan has a figure for. */
function environment(sizes: DeploymentSizes): [string, Sized][] {
  return [
    ...(sizes.concurrencyLimit === null
      ? []
      : [['PREDICT_MAX_CONCURRENCY', sizes.concurrencyLimit] satisfies [string, Sized]]),
    ['FLTS_MAX_QUEUE_LENGTH', sizes.queueLength],
  ];
}

function head(plan: Plan, source: string): string[] {
  const { target, fit } = plan;
  const wanted = [
    ...(target.users === null ? [] : [`${target.users} users`]),
    ...(target.ratePerS === null ? [] : [`${target.ratePerS} requests/s`]),
    `p95 <= ${target.p95Ms.toPrecision(4)} ms`,
  ].join(', ');
  const error =
    fit.model === null
      ? ''
      : ` Error at levels held out: throughput ${(fit.model.error * 100).toFixed(1)} %${fit.model.p95Error === null ? '' : `, p95 ${(fit.model.p95Error * 100).toFixed(1)} %`}.`;
  return [
    `# Planned by flts from ${source.replace(/[^\x20-\x7E]/g, '?')} for ${wanted}.${error}`,
    ...plan.assumptions.map((text) => `# Assumed: ${text}`),
  ];
}

function inferenceValues(sizes: DeploymentSizes): string[] {
  const requests = [
    ...optional(6, 'cpu', sizes.cpuRequestMilli, cores),
    ...optional(6, 'memory', sizes.memoryRequestMib, mebibytes),
  ];
  const limits = [
    ...optional(6, 'cpu', sizes.cpuLimitMilli, cores),
    ...optional(6, 'memory', sizes.memoryLimitMib, mebibytes),
  ];
  const resources = [...block(4, 'requests', requests), ...block(4, 'limits', limits)];
  return [
    ...entry(2, 'replicas', sizes.replicas),
    ...optional(2, 'workers', sizes.workers),
    ...optional(2, 'processes', sizes.processes),
    '  env:',
    ...environment(sizes).flatMap(([name, sized]) => entry(4, name, sized, (value) => `"${value}"`)),
    ...block(2, 'resources', resources),
  ];
}

function autoscaling(sizes: DeploymentSizes, scaler: 'hpa' | 'keda'): string[] {
  const hpa = ['  hpa:', '    enabled: true', ...entry(4, 'averageUtilization', sizes.cpuUtilization)];
  const keda = [
    '  keda:',
    '    enabled: true',
    ...entry(4, 'queueWaitMsP95', sizes.queueWaitMsP95),
    ...entry(4, 'inFlightPerReplica', sizes.inFlightPerReplica),
    ...entry(4, 'fallbackReplicas', { ...sizes.replicas, from: 'without figures, what the target takes' }),
  ];
  return [
    'autoscaling:',
    ...entry(2, 'minReplicas', sizes.minReplicas),
    ...entry(2, 'maxReplicas', sizes.maxReplicas),
    // One scaler: the other is turned off, whatever another file says.
    ...(scaler === 'hpa' ? [...hpa, '  keda:', '    enabled: false'] : [...keda, '  hpa:', '    enabled: false']),
  ];
}

/**
 * The file of a plan as text: `.env` for the service, the others for the Helm chart (`helm upgrade … -f FILE`): replicas
 * and sizes, or one of the two autoscalers beside them. Every number has a comment that says what it came from.
 */
export function emitFile(kind: EmittedKind, plan: Plan, sizes: DeploymentSizes, source: string): string {
  const lines = head(plan, source);
  if (kind === '.env') {
    const all: [string, Sized][] = [
      ...(sizes.workers === null ? [] : [['FLTS_WORKERS', sizes.workers] satisfies [string, Sized]]),
      ...(sizes.processes === null ? [] : [['FLTS_PROCESSES', sizes.processes] satisfies [string, Sized]]),
      ...environment(sizes),
    ];
    lines.push(
      `# Of each of ${sizes.replicas.value} replicas.`,
      ...all.flatMap(([name, { value, from }]) => [`# ${from}`, `${name}=${value}`]),
    );
  } else if (kind === 'values.yaml') lines.push('inference:', ...inferenceValues(sizes));
  else {
    lines.push(
      '# Beside values.yaml of the same plan: helm upgrade flts deploy/helm/flts -f values.yaml -f this file.',
      ...autoscaling(sizes, kind === 'hpa.yaml' ? 'hpa' : 'keda'),
    );
  }
  return `${lines.join('\n')}\n`;
}
