import { Command } from 'commander';
import { FltsError, type Settings } from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { addSettingFlags, givenFlags } from '../service/setting-flags.js';

/** `flts serve`: the service, until Ctrl-C or SIGTERM. */
export function serveCommand(cli: Cli): Command {
  const command = new Command('serve')
    .description('Serve the promoted model over HTTP until Ctrl-C; without one, stay not ready until there is one')
    .addHelpText(
      'after',
      `
Examples:
  $ flts serve
  $ flts serve --registry ./flts-registry --port 9000 --workers 2
  $ PREDICT_MAX_CONCURRENCY=16 flts serve --host 0.0.0.0
Every setting can also be given in the environment or in flts.yaml: see flts config.`,
    );
  return addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { loadSettings } = await import('../service/load-settings.js');
    const configPath = typeof options['config'] === 'string' ? options['config'] : undefined;
    const { settings } = await loadSettings(givenFlags(options), cli.env, configPath);
    await serveUntilAborted(cli, settings);
  });
}

async function serveUntilAborted(cli: Cli, settings: Settings): Promise<void> {
  const [{ startService }, { createLogger }, { humanLog }, { packageVersion }] = await Promise.all([
    import('../service/start-service.js'),
    import('../../telemetry/index.js'),
    import('../service/human-log.js'),
    import('../service/package-version.js'),
  ]);
  const log =
    cli.terminal.interactive && settings.logLevel === 'info'
      ? humanLog(cli.terminal, () => new Date())
      : createLogger(settings.logLevel);
  const service = await startService({ settings, log, version: packageVersion() });
  const { status, reason } = service.stats();
  if (status !== 'ready') {
    const remedy = `train one: flts train FILE.csv --promote --registry ${settings.registry}`;
    log.warn('not ready: no model', { reason, remedy });
  }
  if (!isLoopback(settings.host) && settings.apiKeysFile === '') {
    log.warn('anyone who reaches this host may use the service: no API keys are configured', { host: settings.host });
  }
  const isGivenUp = await abortedOrGivenUp(cli.signal, settings.modelWaitTimeout, () => service.stats().model_loaded);
  log.info('draining', { queue: service.stats().queue_length, active: service.stats().active });
  const isClean = await service.stop();
  log.info('stopped', { clean: isClean });
  if (isGivenUp) {
    throw new FltsError('FLTS_NO_MODEL', `No model came within ${settings.modelWaitTimeout} s: ${reason ?? 'none'}.`);
  }
  if (!isClean) {
    throw new FltsError('FLTS_DRAINING', `Requests were cut off after the grace of ${settings.drainGraceMs} ms.`, {
      remedy: 'Raise drain_grace_ms above the longest request.',
    });
  }
}

/** Waits for the signal; true when the first model did not come in time (`timeoutS` 0: waits for ever). */
function abortedOrGivenUp(signal: AbortSignal, timeoutS: number, hasModel: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const timer =
      timeoutS === 0
        ? undefined
        : setTimeout(() => {
            if (!hasModel()) resolve(true);
          }, timeoutS * 1000);
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
