import { Command } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';
import { verifyRun } from '../models/verify-run.js';

interface Options {
  readonly registry: string;
  readonly json?: boolean;
}

/** `flts models rollback`: what was current before becomes current again. */
export function rollbackCommand(cli: Cli): Command {
  return new Command('rollback')
    .description('Make the version that was current before the current one again; services follow within a poll')
    .option(...REGISTRY_OPTION)
    .option('--json', 'print the pointer as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts models rollback
  $ flts models rollback && flts models rollback      # two promotions back`,
    )
    .action(async (options: Options) => {
      const registry = await registryOf(cli, options);
      const current = await registry.readPointer();
      if (current === null) {
        throw new FltsError('FLTS_NO_EARLIER_MODEL', `Nothing is promoted in the registry ${registry.uri}.`);
      }
      const [earlier] = current.history ?? [];
      if (earlier === undefined) {
        throw new FltsError(
          'FLTS_NO_EARLIER_MODEL',
          `The registry ${registry.uri} knows of no version that was current before run ${current.run_id}.`,
        );
      }
      await verifyRun(registry, earlier.run_id);
      const pointer = await registry.promote(earlier.run_id, {
        identifier: current.identifier,
        experiment: current.experiment,
        // It was promoted before: the gate has been asked.
        force: true,
        timestamp: new Date().toISOString(),
        rollBack: true,
      });
      if (options.json === true) cli.terminal.json(pointer);
      else {
        const done = cli.terminal.style('green', 'rolled back');
        cli.terminal.line(`${done}  from run ${current.run_id} to ${pointer.model_type} of run ${pointer.run_id}`);
      }
    });
}
