#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import type { Cli } from './cli.js';
import { commands } from './commands/index.js';
import { asFltsError, EXIT_CODES, EXIT_OK, exitCodeOf } from './exit-codes.js';
import { Terminal } from './terminal.js';

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** First Ctrl-C or SIGTERM: ask the command to end in order. Second: end now. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
      // The shell has just echoed ^C: start on a line of our own.
      if (process.stderr.isTTY) process.stderr.write('\nstopping in order; Ctrl-C again ends at once\n');
      controller.abort(name);
    });
  }
  return controller.signal;
}

/** A reader that went away (`flts … | head`) ends the command quietly. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_OK);
    throw error;
  });
}

function buildProgram(cli: Cli): Command {
  const program = new Command('flts')
    .description('Forecasting & Load Testing System: serves small forecasting models, and measures such services.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(add --help for the options and examples)')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      `
Start here:
  $ flts demo                                      the whole main job on synthetic data
  $ flts train traffic.csv --promote               train a model and make it the current one
  $ flts serve                                     serve it on http://127.0.0.1:8000
  $ flts loadtest progressive --target http://127.0.0.1:8000`,
    );
  for (const build of commands) program.addCommand(inheritExit(build(cli)));
  return inheritExit(program);
}

/** commander throws instead of exiting, so that exit codes are ours; sub-commands included. */
function inheritExit(command: Command): Command {
  command.exitOverride();
  command.commands.forEach(inheritExit);
  return command;
}

function reportError(error: unknown, cli: Cli, asJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_CODES.usage;
  const known = asFltsError(error);
  if (asJson) {
    cli.terminal.json({ error: { code: known.code, message: known.message, remedy: known.remedy } });
  } else {
    cli.terminal.note(`flts: ${known.message}\n  → ${known.remedy}`);
  }
  if (cli.env['FLTS_DEBUG'] === '1') console.error(known.cause ?? known);
  return exitCodeOf(known.code);
}

async function main(argv: string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  const cli: Cli = {
    terminal: new Terminal(process.stdout, process.stderr, process.env),
    env: process.env,
    signal: abortOnSignals(),
    exitCode: EXIT_OK,
  };
  try {
    await buildProgram(cli).parseAsync(argv);
    return cli.exitCode;
  } catch (error) {
    return reportError(error, cli, argv.includes('--json'));
  }
}

process.exitCode = await main(process.argv);
