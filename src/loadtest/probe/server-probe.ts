import { Agent, request } from 'undici';
import type { RunPod, ServerSample } from '../../contract/index.js';
import type { KubeProbe } from './kube-probe.js';
import { parsePrometheusText } from './prometheus-text.js';

const PROBE_EVERY_MS = 1_000;
/** A probe that takes longer counts as not answered. */
const PROBE_TIMEOUT_MS = 2_000;
const BODY_BYTES_MAX = 1024 * 1024;
/** A week of seconds. */
const SAMPLES_MAX = 7 * 24 * 3600;
/** Tried in this order for readiness. */
const READY_PATHS = ['/ready', '/readyz', '/healthz'];

export interface Fetched {
  readonly status: number;
  readonly text: string;
}

/** Asks the target beside the load, over a connection of its own. */
export class ProbeClient {
  readonly #agent = new Agent({ connections: 2, pipelining: 1, connect: { timeout: PROBE_TIMEOUT_MS } });
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#headers = headers;
  }

  /** GET below the target; null when no answer came within two seconds. */
  async get(path: string, accept = 'application/json'): Promise<Fetched | null> {
    try {
      const { statusCode, body } = await request(`${this.#url}${path}`, {
        dispatcher: this.#agent,
        headers: { ...this.#headers, accept },
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      });
      const bytes = await body.bytes();
      return { status: statusCode, text: Buffer.from(bytes.subarray(0, BODY_BYTES_MAX)).toString('utf8') };
    } catch {
      // No answer is a finding here, not a fault of ours: the caller counts it.
      return null;
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Once a second: is the target ready, and what does it say of itself? */
export class ServerProbe {
  readonly #client: ProbeClient;
  readonly #nowUs: () => number;
  readonly #phase: () => string | null;
  #readyPath: string | null = null;
  #hasStats = false;
  #hasMetrics = false;
  readonly #kube: KubeProbe | null;
  /** What the cluster said first and last; empty without one. */
  podsBefore: readonly RunPod[] = [];
  podsAfter: readonly RunPod[] = [];
  #timer: NodeJS.Timeout | null = null;
  #asking: Promise<void> | null = null;
  readonly samples: ServerSample[] = [];

  constructor(client: ProbeClient, nowUs: () => number, phase: () => string | null, kube: KubeProbe | null = null) {
    this.#kube = kube;
    this.#client = client;
    this.#nowUs = nowUs;
    this.#phase = phase;
  }

  /** Finds out what the target offers; the first view of its statistics, or null. */
  async discover(): Promise<Record<string, unknown> | null> {
    for (const path of READY_PATHS) {
      const answer = await this.#client.get(path);
      if (answer !== null && (answer.status === 200 || answer.status === 503)) {
        this.#readyPath = path;
        break;
      }
    }
    const stats = await this.#stats();
    this.#hasStats = stats !== null;
    this.#hasMetrics = (await this.#metrics()) !== null;
    this.podsBefore = (await this.#kube?.pods()) ?? [];
    this.podsAfter = this.podsBefore;
    return stats;
  }

  start(): void {
    if (!this.#hasAnything) return;
    this.#timer = setInterval(() => {
      this.#asking ??= this.ask().finally(() => {
        this.#asking = null;
      });
    }, PROBE_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#asking;
  }

  /** One look at the target, recorded. */
  async ask(): Promise<void> {
    if (!this.#hasAnything || this.samples.length >= SAMPLES_MAX) return;
    const atUs = Math.round(this.#nowUs());
    const phase = this.#phase();
    const [readiness, stats, prometheus, pods] = await Promise.all([
      this.#readyPath === null ? null : this.#client.get(this.#readyPath),
      this.#hasStats ? this.#stats() : null,
      this.#hasMetrics ? this.#metrics() : null,
      // A cluster that does not answer for a second is no reason to end a run.
      this.#kube?.pods().catch(() => null) ?? null,
    ]);
    if (pods !== null) this.podsAfter = pods;
    this.samples.push({
      at_us: atUs,
      phase,
      ready: readiness?.status === 200,
      stats,
      ...(prometheus === null ? {} : { prometheus }),
      ...(pods === null ? {} : { pods }),
    });
  }

  /** Share of probes answered 200 and their number; null where the target has no readiness route. */
  get uptime(): { readonly share: number; readonly probes: number } | null {
    if (this.#readyPath === null || this.samples.length === 0) return null;
    const ready = this.samples.filter((sample) => sample.ready).length;
    return { share: ready / this.samples.length, probes: this.samples.length };
  }

  get #hasAnything(): boolean {
    return this.#readyPath !== null || this.#hasStats || this.#hasMetrics || this.#kube !== null;
  }

  async #metrics(): Promise<Record<string, number> | null> {
    const answer = await this.#client.get('/metrics', 'text/plain');
    if (answer?.status !== 200) return null;
    const figures = parsePrometheusText(answer.text);
    return Object.keys(figures).length === 0 ? null : figures;
  }

  async #stats(): Promise<Record<string, unknown> | null> {
    const answer = await this.#client.get('/queue_stats');
    return answer?.status === 200 ? jsonObject(answer.text) : null;
  }
}
