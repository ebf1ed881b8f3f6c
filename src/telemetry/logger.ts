import { type DestinationStream, pino } from 'pino';
import type { Log } from '../serving/ports.js';
import { LogStream } from './log-stream.js';

const STDERR = 2;

function stderrLines(): DestinationStream {
  const stream = new LogStream(STDERR);
  process.once('exit', () => {
    stream.flush();
  });
  return stream;
}

/**
 * A log of JSON lines (pino): `level`, `time`, `event` and the facts of the event. Writes to stderr unless given a
 * destination, so that a command's result on stdout stays clean.
 */
export function createLogger(level: string, destination?: DestinationStream): Log {
  const logger = pino(
    { level, base: { pid: process.pid }, messageKey: 'event', formatters: { level: (label) => ({ level: label }) } },
    destination ?? stderrLines(),
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
