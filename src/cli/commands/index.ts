import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { compareCommand } from './compare.js';
import { configCommand } from './config.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { forecastCommand } from './forecast.js';
import { loadtestCommand } from './loadtest.js';
import { mergeCommand } from './merge.js';
import { modelsCommand } from './models.js';
import { planCommand } from './plan.js';
import { reportCommand } from './report.js';
import { serveCommand } from './serve.js';
import { synthCommand } from './synth.js';
import { trainCommand } from './train.js';

/** Every command, in the order in which `flts --help` lists them. */
export const commands: readonly ((cli: Cli) => Command)[] = [
  demoCommand,
  synthCommand,
  trainCommand,
  evaluateCommand,
  forecastCommand,
  modelsCommand,
  serveCommand,
  loadtestCommand,
  reportCommand,
  mergeCommand,
  compareCommand,
  planCommand,
  configCommand,
  doctorCommand,
];
