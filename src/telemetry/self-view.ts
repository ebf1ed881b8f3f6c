import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { CgroupView, ProcessView } from '../contract/index.js';
import type { SelfView } from '../serving/ports.js';
import { fieldsOf, type ReadText, readCgroup, readTextOrNull } from './cgroup.js';
import { EventLoopLagSampler } from './event-loop-lag.js';

/** How often the kernel's files are read. A request for the figures reads none. */
const REFRESH_MS = 1000;

interface KernelFigures {
  readonly bootId: string | null;
  readonly networkRxBytes: number | null;
  readonly networkTxBytes: number | null;
  readonly diskReadBytes: number | null;
  readonly diskWriteBytes: number | null;
}

/**
 * What the kernel says about this process, read once a second. Network bytes are those of all interfaces of the
 * process's network namespace, the loopback included; disk bytes are the process's own.
 */
export class ProcessSelfView implements SelfView {
  readonly #lag = new EventLoopLagSampler();
  #timer: NodeJS.Timeout | undefined;
  readonly #read: ReadText;
  readonly #startTime = new Date(Date.now() - process.uptime() * 1000).toISOString();
  #kernel: KernelFigures = {
    bootId: null,
    networkRxBytes: null,
    networkTxBytes: null,
    diskReadBytes: null,
    diskWriteBytes: null,
  };
  #cgroup: CgroupView | null = null;

  constructor(read: ReadText = readTextOrNull) {
    this.#read = read;
  }

  /** Begins to sample; `onLagMs` gets each lag of the event loop. */
  start(onLagMs: (lagMs: number) => void): void {
    this.#lag.start(onLagMs);
    this.#timer = setInterval(() => {
      void this.refresh();
    }, REFRESH_MS);
    this.#timer.unref();
  }

  async refresh(): Promise<void> {
    this.#cgroup = await readCgroup(this.#read);
    this.#kernel = await readKernelFigures(this.#read);
  }

  process(): ProcessView {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    return {
      pid: process.pid,
      start_time: this.#startTime,
      boot_id: this.#kernel.bootId,
      uptime_s: process.uptime(),
      cpu_user_s: cpu.user / 1e6,
      cpu_system_s: cpu.system / 1e6,
      cpu_cores: availableParallelism(),
      rss_bytes: memory.rss,
      heap_used_bytes: memory.heapUsed,
      event_loop_busy_s: performance.eventLoopUtilization().active / 1000,
      network_rx_bytes: this.#kernel.networkRxBytes,
      network_tx_bytes: this.#kernel.networkTxBytes,
      disk_read_bytes: this.#kernel.diskReadBytes,
      disk_write_bytes: this.#kernel.diskWriteBytes,
    };
  }

  cgroup(): CgroupView | null {
    return this.#cgroup;
  }

  eventLoopLagMs(): { last: number; max: number; avg: number } {
    return this.#lag.read();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#lag.stop();
  }
}

async function readKernelFigures(read: ReadText): Promise<KernelFigures> {
  const bootId = await read('/proc/sys/kernel/random/boot_id');
  const io = fieldsOf(await read('/proc/self/io'));
  const network = networkBytes(await read('/proc/self/net/dev'));
  return {
    bootId: bootId?.trim() ?? null,
    networkRxBytes: network?.rx ?? null,
    networkTxBytes: network?.tx ?? null,
    diskReadBytes: io.get('read_bytes') ?? null,
    diskWriteBytes: io.get('write_bytes') ?? null,
  };
}

/** Sums over the interfaces of /proc/net/dev: `name: rx_bytes … (8 columns) tx_bytes …`. */
export function networkBytes(text: string | null): { rx: number; tx: number } | null {
  if (text === null) return null;
  let rx = 0;
  let tx = 0;
  for (const line of text.split('\n')) {
    const [name, figures] = line.split(':');
    if (name === undefined || figures === undefined) continue;
    const columns = figures.trim().split(/\s+/).map(Number);
    rx += columns[0] ?? 0;
    tx += columns[8] ?? 0;
  }
  return { rx, tx };
}
