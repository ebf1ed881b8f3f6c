import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { configCommand } from './config.js';
import { doctorCommand } from './doctor.js';
import { loadtestCommand } from './loadtest.js';
import { reportCommand } from './report.js';
import { serveCommand } from './serve.js';

/** Every command, in the order in which `flts --help` lists them. */
export const commands: readonly ((cli: Cli) => Command)[] = [
  serveCommand,
  loadtestCommand,
  reportCommand,
  configCommand,
  doctorCommand,
];
