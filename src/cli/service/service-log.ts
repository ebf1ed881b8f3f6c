import type { Log } from '../../serving/ports.js';
import { createLogger } from '../../telemetry/index.js';
import type { Terminal } from '../terminal.js';
import { humanLog } from './human-log.js';

/** The service's log: short lines for a person at a terminal, else JSON. */
export function serviceLog(terminal: Terminal, level: string): Log {
  return terminal.interactive && level === 'info' ? humanLog(terminal, () => new Date()) : createLogger(level);
}
