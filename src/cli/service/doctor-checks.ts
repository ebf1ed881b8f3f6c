import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Settings } from '../../contract/index.js';
import { openRegistry } from '../../registry/index.js';
import { probeRuntime } from '../../runtime/index.js';
import { readCgroup, readTextOrNull } from '../../telemetry/index.js';
import { planCores } from './core-plan.js';
import { registryAccess } from './registry-access.js';

export interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'note' | 'failed';
  readonly found: string;
}

/** Fewer open files than this, and a busy server runs out of connections. */
const FEW_OPEN_FILES = 1024;

/** Looks at everything that the service needs. Never throws: what failed is a check that says why. */
export async function runChecks(settings: Settings): Promise<Check[]> {
  return [
    { name: 'node', verdict: 'ok', found: `${process.version} on ${process.platform} ${process.arch}` },
    await cpuCheck(settings),
    await memoryCheck(),
    await openFilesCheck(),
    await tried('onnxruntime', () => probeRuntime()),
    await tried('registry', () => registryCheck(settings)),
    await tried('model', () => modelCheck(settings)),
    await tried('port', () => portCheck(settings.host, settings.port)),
  ];
}

async function tried(name: string, check: () => Promise<string | { note: string }>): Promise<Check> {
  try {
    const found = await check();
    return typeof found === 'string' ? { name, verdict: 'ok', found } : { name, verdict: 'note', found: found.note };
  } catch (error) {
    return { name, verdict: 'failed', found: error instanceof Error ? error.message : String(error) };
  }
}

async function cpuCheck(settings: Settings): Promise<Check> {
  const cores = availableParallelism();
  const limit = (await readCgroup(readTextOrNull))?.cpu_limit_cores ?? null;
  const usable = Math.min(cores, limit ?? cores);
  const { processes, workers } = planCores(settings, usable);
  const threads = processes * (1 + workers);
  const found = `${cores} cores, ${limit === null ? 'no limit' : `limited to ${limit}`}; ${processes} HTTP thread${processes === 1 ? '' : 's'} and ${processes * workers} inference`;
  return { name: 'cpu', verdict: threads > usable ? 'note' : 'ok', found };
}

async function memoryCheck(): Promise<Check> {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const cgroup = await readCgroup(readTextOrNull);
  const limit = cgroup?.memory_limit_bytes ?? null;
  const group = cgroup === null ? 'no control group' : `control group v${cgroup.version}`;
  const found = `${gib(totalmem())}, ${limit === null ? 'no limit' : `limited to ${gib(limit)}`} (${group})`;
  return { name: 'memory', verdict: 'ok', found };
}

async function openFilesCheck(): Promise<Check> {
  const limits = await readTextOrNull('/proc/self/limits');
  const soft = /^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return { name: 'open files', verdict: 'note', found: 'this platform does not tell' };
  return { name: 'open files', verdict: Number(soft) < FEW_OPEN_FILES ? 'note' : 'ok', found: `at most ${soft}` };
}

/** The nearest folder that exists must be writable: the registry is made on first use. */
async function registryCheck(settings: Settings): Promise<string> {
  const registry = openRegistry(settings.registry, registryAccess(settings, false));
  if (registry.close !== undefined) {
    await registry.readPointer();
    return `${registry.uri} answers`;
  }
  const uri = settings.registry;
  const path = resolve(uri.replace(/^dir:/, ''));
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      await access(folder, constants.W_OK);
      return folder === path ? `${path} can be written` : `${path} is not there yet, and can be made`;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || folder === dirname(folder))
        throw new Error(`no right to write ${folder}`, { cause: error });
    }
  }
}

async function modelCheck(settings: Settings): Promise<string | { note: string }> {
  const registry = openRegistry(settings.registry, registryAccess(settings, false));
  const pointer = await registry.readPointer();
  if (pointer === null) return { note: 'none is promoted; train one: flts train FILE.csv --promote' };
  const { bundle } = await registry.fetchBundle(pointer.run_id);
  return `${bundle.model_type}, run ${bundle.run_id}, digest agrees`;
}

function portCheck(host: string, port: number): Promise<string> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      failed(new Error(error.code === 'EADDRINUSE' ? `${host}:${port} is taken` : error.message));
    });
    server.listen({ host, port }, () => {
      server.close(() => {
        done(`${host}:${port} is free`);
      });
    });
  });
}
