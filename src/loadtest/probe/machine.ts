import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/** The machine that generates the load, as the run bundle records it. No host name: a bundle may be passed on. */
export function machineView(): Record<string, string | number> {
  return {
    os: `${platform()} ${release()}`,
    arch: arch(),
    cpu_model: cpus()[0]?.model.trim() ?? 'unknown',
    cpu_cores: availableParallelism(),
    memory_bytes: totalmem(),
  };
}
