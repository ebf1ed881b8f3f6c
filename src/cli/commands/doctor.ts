import { Command } from 'commander';
import { EXIT_CODES } from '../exit-codes.js';
import type { Cli } from '../cli.js';
import { addSettingFlags, givenFlags } from '../service/setting-flags.js';

/** `flts doctor`: whether this machine can run the service, with what it found. */
export function doctorCommand(cli: Cli): Command {
  const command = new Command('doctor')
    .description('Check cores, limits, control group, ONNX Runtime, write rights and the port')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts doctor
  $ flts doctor --port 9000 --registry /var/lib/flts --json
Exits with ${EXIT_CODES.environment} when a check failed.`,
    );
  return addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const [{ loadSettings }, { runChecks }] = await Promise.all([
      import('../service/load-settings.js'),
      import('../service/doctor-checks.js'),
    ]);
    const configPath = typeof options['config'] === 'string' ? options['config'] : undefined;
    const { settings } = await loadSettings(givenFlags(options), cli.env, configPath);
    const checks = await runChecks(settings);
    if (options['json'] === true) cli.terminal.json({ checks });
    else {
      const marks = {
        ok: cli.terminal.style('green', 'ok'),
        note: 'note',
        failed: cli.terminal.style('red', 'failed'),
      };
      cli.terminal.table(
        [{ title: 'check' }, { title: '' }, { title: 'found' }],
        checks.map((check) => [check.name, marks[check.verdict], check.found]),
      );
    }
    if (checks.some((check) => check.verdict === 'failed')) cli.exitCode = EXIT_CODES.environment;
  });
}
