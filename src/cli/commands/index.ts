import type { Command } from 'commander';
import type { Cli } from '../cli.js';

/** Every command, in the order in which `flts --help` lists them. */
export const commands: readonly ((cli: Cli) => Command)[] = [];
