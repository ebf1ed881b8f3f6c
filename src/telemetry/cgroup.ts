import { readFile } from 'node:fs/promises';
import type { CgroupView } from '../contract/index.js';

/** The text of a file, null where it cannot be read: on other platforms, and where a controller is off. */
export type ReadText = (path: string) => Promise<string | null>;

export async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

const ROOT = '/sys/fs/cgroup';
/** Control groups v1 write "no limit" as the largest multiple of the page size. */
const UNLIMITED_BYTES = 2 ** 60;

/**
 * The control group of this process, v2 or v1 (Linux: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/); null where
 * there is none. Inside a container the group's own path is often hidden: then the mounted root is the group.
 */
export async function readCgroup(read: ReadText): Promise<CgroupView | null> {
  const memberships = await read('/proc/self/cgroup');
  if (memberships === null) return null;
  return (await read(`${ROOT}/cgroup.controllers`)) !== null
    ? readVersion2(read, memberships)
    : readVersion1(read, memberships);
}

/** `memory.stat` of the process's group; null where there is none. */
export async function readMemoryStat(read: ReadText, version: 1 | 2): Promise<string | null> {
  const memberships = (await read('/proc/self/cgroup')) ?? '';
  return version === 2
    ? readFile2(read, memberships, 'memory.stat')
    : readFile1(read, memberships, 'memory', 'memory.stat');
}

function readFile2(read: ReadText, memberships: string, name: string): Promise<string | null> {
  const path = /^0::(.*)$/m.exec(memberships)?.[1] ?? '/';
  return firstOf(read, [`${ROOT}${path}/${name}`, `${ROOT}/${name}`]);
}

function readFile1(read: ReadText, memberships: string, controller: string, name: string): Promise<string | null> {
  const path = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, 'm').exec(memberships)?.[1] ?? '/';
  return firstOf(read, [`${ROOT}/${controller}${path}/${name}`, `${ROOT}/${controller}/${name}`]);
}

async function readVersion2(read: ReadText, memberships: string): Promise<CgroupView> {
  const file = (name: string): Promise<string | null> => readFile2(read, memberships, name);
  const cpu = fieldsOf(await file('cpu.stat'));
  const [quotaUs, periodUs] = (await file('cpu.max'))?.trim().split(/\s+/) ?? [];
  return {
    version: 2,
    cpu_usage_s: scaled(cpu.get('usage_usec'), 1e-6),
    cpu_limit_cores: cores(quotaUs, periodUs),
    cpu_periods_total: cpu.get('nr_periods') ?? null,
    cpu_throttled_periods_total: cpu.get('nr_throttled') ?? null,
    cpu_throttled_s: scaled(cpu.get('throttled_usec'), 1e-6),
    memory_bytes: numberOf(await file('memory.current')),
    memory_limit_bytes: numberOf(await file('memory.max')),
    oom_kill_total: fieldsOf(await file('memory.events')).get('oom_kill') ?? null,
  };
}

async function readVersion1(read: ReadText, memberships: string): Promise<CgroupView> {
  const file = (controller: string, name: string): Promise<string | null> =>
    readFile1(read, memberships, controller, name);
  const cpu = fieldsOf(await file('cpu', 'cpu.stat'));
  const limitBytes = numberOf(await file('memory', 'memory.limit_in_bytes'));
  return {
    version: 1,
    cpu_usage_s: scaled(numberOf(await file('cpuacct', 'cpuacct.usage')), 1e-9),
    cpu_limit_cores: cores(await file('cpu', 'cpu.cfs_quota_us'), await file('cpu', 'cpu.cfs_period_us')),
    cpu_periods_total: cpu.get('nr_periods') ?? null,
    cpu_throttled_periods_total: cpu.get('nr_throttled') ?? null,
    cpu_throttled_s: scaled(cpu.get('throttled_time'), 1e-9),
    memory_bytes: numberOf(await file('memory', 'memory.usage_in_bytes')),
    memory_limit_bytes: limitBytes !== null && limitBytes < UNLIMITED_BYTES ? limitBytes : null,
    oom_kill_total: fieldsOf(await file('memory', 'memory.oom_control')).get('oom_kill') ?? null,
  };
}

async function firstOf(read: ReadText, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const text = await read(path);
    if (text !== null) return text;
  }
  return null;
}

/** `name value` lines. */
export function fieldsOf(text: string | null): Map<string, number> {
  const fields = new Map<string, number>();
  for (const line of text?.split('\n') ?? []) {
    const [name, value] = line.split(/:?\s+/);
    if (name !== undefined && value !== undefined && value !== '') fields.set(name, Number(value));
  }
  return fields;
}

/** null for "max" (no limit) and for what is no number. */
function numberOf(text: string | null | undefined): number | null {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? null : value;
}

function scaled(value: number | null | undefined, factor: number): number | null {
  return value === null || value === undefined ? null : value * factor;
}

function cores(quotaUs: string | null | undefined, periodUs: string | null | undefined): number | null {
  const quota = numberOf(quotaUs);
  const period = numberOf(periodUs);
  return quota === null || period === null || quota <= 0 || period <= 0 ? null : quota / period;
}
