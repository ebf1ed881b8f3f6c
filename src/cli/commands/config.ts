import { Command } from 'commander';
import {
  envNamesOf,
  fileKeyOf,
  FltsError,
  type ResolvedSettings,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  settingsTemplate,
} from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { addSettingFlags, givenFlags } from '../service/setting-flags.js';

/** `flts config`: the settings of `flts serve` in force, and where each came from. */
export function configCommand(cli: Cli): Command {
  const command = new Command('config')
    .description(
      'Show the settings of flts serve in force and where each came from; --init writes a commented flts.yaml',
    )
    .option('--init', 'write a commented flts.yaml (or the file of --config); never overwrites one')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts config
  $ flts config --init
  $ FLTS_PORT=9000 flts config --json`,
    );
  return addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const configPath = typeof options['config'] === 'string' ? options['config'] : undefined;
    const { DEFAULT_SETTINGS_FILE, loadSettings } = await import('../service/load-settings.js');
    if (options['init'] === true) {
      const path = configPath ?? DEFAULT_SETTINGS_FILE;
      await writeTemplate(path);
      cli.terminal.line(`Wrote ${path}: every setting at its default, commented out.`);
      return;
    }
    const resolved = await loadSettings(givenFlags(options), cli.env, configPath);
    if (options['json'] === true) cli.terminal.json(asJson(resolved));
    else showTable(cli, resolved);
  });
}

async function writeTemplate(path: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  try {
    // 'wx' makes the file or fails: somebody's settings are never overwritten.
    await writeFile(path, settingsTemplate(), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new FltsError('FLTS_CANNOT_WRITE', `${path} is there already, and is not overwritten.`, {
      remedy: 'Name another file with --config, or remove it.',
      cause,
    });
  }
}

function shown(resolved: ResolvedSettings, name: SettingName): string {
  const value = String(resolved.settings[name]);
  if (SETTINGS[name].kind === 'secret') return value === '' ? '' : '(set)';
  // Somebody may have written a password into an address, where it does not belong.
  return value.replace(/\/\/[^/@\s]*@/, '//(hidden)@');
}

function asJson(resolved: ResolvedSettings): unknown {
  return SETTING_NAMES.map((name) => ({
    name: fileKeyOf(name),
    value: typeof resolved.settings[name] === 'string' ? shown(resolved, name) : resolved.settings[name],
    origin: resolved.origins[name],
    environment: envNamesOf(name),
    description: SETTINGS[name].description,
  }));
}

function showTable(cli: Cli, resolved: ResolvedSettings): void {
  const rows = SETTING_NAMES.map((name) => [
    fileKeyOf(name),
    shown(resolved, name) || cli.terminal.style('dim', '(empty)'),
    resolved.origins[name],
    SETTINGS[name].description,
  ]);
  cli.terminal.table([{ title: 'setting' }, { title: 'value' }, { title: 'from' }, { title: 'meaning' }], rows);
}
