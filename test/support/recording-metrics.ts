import type { Log, Metrics } from '../../src/serving/ports.js';

/** Metrics and a log that remember what they were told. */
export class RecordingMetrics implements Metrics {
  readonly counts = new Map<string, number>();
  readonly observed = new Map<string, number[]>();

  count(name: string, labels: Readonly<Record<string, string>> = {}): void {
    const key = [name, ...Object.values(labels)].join(' ');
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  observe(name: string, value: number): void {
    this.observed.set(name, [...(this.observed.get(name) ?? []), value]);
  }
}

export class RecordingLog implements Log {
  readonly events: { level: string; event: string; facts: Readonly<Record<string, unknown>> }[] = [];
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  #at(level: string): (event: string, facts?: Readonly<Record<string, unknown>>) => void {
    return (event, facts = {}) => {
      this.events.push({ level, event, facts });
    };
  }
}
