import type { Log } from '../../serving/ports.js';
import type { Terminal } from '../terminal.js';

/** The service's log for a person at a terminal: one short line an event. */
export function humanLog(terminal: Terminal, now: () => Date): Log {
  const write =
    (mark: string) =>
    (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      const shown = Object.entries(facts).map(([name, value]) => `${name}=${shorten(value)}`);
      terminal.note([now().toTimeString().slice(0, 8), `${mark}${event}`, ...shown].join(' '));
    };
  return { info: write(''), warn: write('warning: '), error: write('error: ') };
}

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Run ids are told apart by their first digits.
  return /^[0-9a-f]{32}$/.test(text) ? text.slice(0, 8) : text;
}
