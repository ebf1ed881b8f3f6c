import { Command } from 'commander';
import { FltsError, type QueueStats, type Settings } from '../../contract/index.js';
import type { Log } from '../../serving/ports.js';
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
  $ flts serve --processes auto
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
  const { serviceLog } = await import('../service/service-log.js');
  const log = serviceLog(cli.terminal, settings.logLevel);
  const service = await startAsPlanned(settings, log);
  const { status, reason } = await service.stats();
  if (status !== 'ready') {
    const remedy = `train one: flts train FILE.csv --promote --registry ${settings.registry}`;
    log.warn('not ready: no model', { reason, remedy });
  }
  if (!isLoopback(settings.host) && settings.apiKeysFile === '') {
    log.warn('anyone who reaches this host may use the service: no API keys are configured', { host: settings.host });
  }
  const isGivenUp = await abortedOrGivenUp(
    cli.signal,
    settings.modelWaitTimeout,
    async () => (await service.stats()).model_loaded,
  );
  const { queue_length: queue, active } = await service.stats();
  log.info('draining', { queue, active });
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

/** What the command needs of a service, be it one process or several. */
interface StartedService {
  stats(): QueueStats | Promise<QueueStats>;
  stop(): Promise<boolean>;
}

async function startAsPlanned(settings: Settings, log: Log): Promise<StartedService> {
  const [{ planCores, usableCores }, { packageVersion }] = await Promise.all([
    import('../service/core-plan.js'),
    import('../service/package-version.js'),
  ]);
  const plan = planCores(settings, await usableCores());
  const version = packageVersion();
  if (plan.processes === 1) {
    const { startService } = await import('../service/start-service.js');
    return startService({ settings: { ...settings, ...plan }, log, version });
  }
  const { Fleet } = await import('../service/fleet/fleet.js');
  const fleet = new Fleet({ settings, plan, log, version });
  await fleet.start();
  return fleet;
}

/** Waits for the signal; true when the first model did not come in time (`timeoutS` 0: waits for ever). */
function abortedOrGivenUp(signal: AbortSignal, timeoutS: number, hasModel: () => Promise<boolean>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer =
      timeoutS === 0
        ? undefined
        : setTimeout(() => {
            hasModel().then((has) => {
              if (!has) resolve(true);
            }, reject);
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
