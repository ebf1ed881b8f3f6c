import { percentileFigure, sortedValues, type Requirement, evaluateRequirement } from '../domain/stats/index.js';
import { SAMPLE_WIDTH, type SampleBatch } from './generator/messages.js';

/** Rules look at the last so many seconds, and need as many requests to say anything. */
const WINDOW_S = 5;
const REQUESTS_MIN = 20;
/** More requests than these in the window: the newest count. */
const REQUESTS_MAX = 50_000;
const PERCENTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const;

interface Done {
  readonly doneUs: number;
  readonly responseMs: number;
  readonly ok: boolean;
}

/** Watches whether an abort rule holds over the last five seconds. */
export class AbortWatch {
  readonly #rules: readonly Requirement[];
  #recent: Done[] = [];

  constructor(rules: readonly Requirement[]) {
    this.#rules = rules;
  }

  add(batch: SampleBatch): void {
    if (this.#rules.length === 0) return;
    for (let i = 0; i < batch.count; i++) {
      const at = i * SAMPLE_WIDTH;
      const doneUs = batch.numbers[at + 4] ?? 0;
      const responseMs = (doneUs - (batch.numbers[at + 1] ?? 0)) / 1000;
      this.#recent.push({ doneUs, responseMs, ok: (batch.numbers[at + 7] ?? -1) < 0 });
    }
    if (this.#recent.length > 2 * REQUESTS_MAX) this.#recent = this.#recent.slice(-REQUESTS_MAX);
  }

  /** A new phase begins: what was before is no longer its business. */
  reset(): void {
    this.#recent = [];
  }

  /** The first rule that holds, with what was measured; null while none does. */
  check(nowUs: number): { readonly rule: string; readonly measured: number } | null {
    this.#recent = this.#recent.filter(({ doneUs }) => doneUs > nowUs - WINDOW_S * 1e6);
    const n = this.#recent.length;
    if (n < REQUESTS_MIN) return null;
    const right = this.#recent.flatMap(({ ok, responseMs }) => (ok ? [responseMs] : [])).sort((a, b) => a - b);
    const success = right.length / n;
    const values: Record<string, number | null> = {
      success,
      requests: n,
      failed: n - right.length,
      throughput: right.length / WINDOW_S,
      min: right[0] ?? null,
      max: right.at(-1) ?? null,
      mean: right.length === 0 ? null : right.reduce((a, b) => a + b, 0) / right.length,
    };
    for (const [name, p] of Object.entries(PERCENTILES)) {
      values[name] = right.length === 0 ? null : percentileFigure(right.length, p, sortedValues(right)).value;
    }
    for (const rule of this.#rules) {
      const figures = { name: rule.phase ?? '', values, intervals: {}, successRate: null };
      const { outcome, actual } = evaluateRequirement({ ...rule, phase: null }, [figures], null);
      if (outcome === 'met' && actual !== null) return { rule: rule.text, measured: actual };
    }
    return null;
  }
}
