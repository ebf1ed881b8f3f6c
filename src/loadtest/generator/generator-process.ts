import process from 'node:process';
import type { Configure, FromGenerator, ToGenerator } from './messages.js';
import { PhaseDriver } from './phase-driver.js';
import { RequestSource } from './request-source.js';

/**
 * Entry of a generator process: does what the coordinator says over the IPC channel, and ends with it. Load comes from
 * processes of its own so that neither the statistics nor the server under test stand in the sending path.
 */

function send(message: FromGenerator): void {
  process.send?.(message, undefined, undefined, (error) => {
    // The channel is gone, and with it everyone who could want the samples.
    if (error !== null) process.exit(1);
  });
}

let config: Configure | null = null;
/** Sources outlive phases, so that windows go on where the phase before ended. */
let source: RequestSource | null = null;
let driver: PhaseDriver | null = null;

function handle(message: ToGenerator): void {
  switch (message.type) {
    case 'configure':
      config = message;
      source = new RequestSource(message.request, message.generator, message.generators);
      send({ type: 'configured' });
      break;
    case 'prepare': {
      if (config === null || source === null) throw new Error('prepare came before configure');
      const plan = message.useNullRequest ? config.nullRequest : config.request;
      if (plan === null) throw new Error('there is no null request');
      const phaseSource = message.useNullRequest
        ? new RequestSource(plan, config.generator, config.generators)
        : source;
      driver = new PhaseDriver(config, plan, phaseSource, message, send);
      driver.open();
      break;
    }
    case 'begin':
      driver?.begin(message);
      break;
    case 'end_phase':
      driver?.end(message.graceMs);
      break;
    case 'exit':
      process.disconnect();
      break;
  }
}

process.on('message', (message) => {
  try {
    handle(message as ToGenerator);
  } catch (error) {
    send({ type: 'fatal', text: error instanceof Error ? error.message : String(error) });
  }
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the coordinator decides how the run ends.
process.on('SIGINT', () => undefined);
