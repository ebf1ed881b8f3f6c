import { type Command, Option } from 'commander';
import { flagOf, SETTING_NAMES, SETTINGS, type Setting, type SettingsSources } from '../../contract/index.js';

/** Gives the command a flag for every setting; secrets have none, for anyone can list a process's arguments. */
export function addSettingFlags(command: Command): Command {
  for (const name of SETTING_NAMES) {
    const spec: Setting = SETTINGS[name];
    if (spec.kind === 'secret') continue;
    const shown = spec.default === '' ? '' : ` (default: ${String(spec.default)})`;
    const value =
      spec.kind === 'boolean'
        ? '[true|false]'
        : spec.kind === 'integer'
          ? spec.word === undefined
            ? '<n>'
            : `<n|${spec.word.text}>`
          : '<text>';
    command.addOption(new Option(`${flagOf(name)} ${value}`, `${spec.description}${shown}`));
  }
  return command.option('--config <file>', 'settings file (default: flts.yaml, where it is there)');
}

/** The flags that were given, by setting. */
export function givenFlags(options: Readonly<Record<string, unknown>>): SettingsSources['flags'] {
  const flags: Record<string, string | boolean> = {};
  for (const name of SETTING_NAMES) {
    const value = options[name];
    if (typeof value === 'string' || typeof value === 'boolean') flags[name] = value;
  }
  return flags;
}
