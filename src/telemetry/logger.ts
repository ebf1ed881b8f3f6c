import { type DestinationStream, pino } from 'pino';
import type { Log } from '../serving/ports.js';

/**
 * A log of JSON lines (pino): `level`, `time`, `event` and the facts of the event. Writes to stderr unless given a
 * destination, so that a command's result on stdout stays clean.
 */
export function createLogger(level: string, destination?: DestinationStream): Log {
  const logger = pino(
    { level, base: { pid: process.pid }, messageKey: 'event', formatters: { level: (label) => ({ level: label }) } },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
  return {
    info: (event, facts) => {
      logger.info(facts ?? {}, event);
    },
    warn: (event, facts) => {
      logger.warn(facts ?? {}, event);
    },
    error: (event, facts) => {
      logger.error(facts ?? {}, event);
    },
  };
}
