import { Command, InvalidArgumentError } from 'commander';
import type { Pointer } from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';

interface Options {
  readonly registry: string;
  readonly keep: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `flts models prune`: removes old versions that nobody needs. */
export function pruneCommand(cli: Cli): Command {
  return new Command('prune')
    .description('Remove old versions; the newest, the current ones and the one to roll back to always stay')
    .requiredOption('--keep <n>', 'how many of the newest stay, at least 1', countOf)
    .option(...REGISTRY_OPTION)
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts models prune --keep 5 --dry-run
  $ flts models prune --keep 5`,
    )
    .action(async (options: Options) => {
      const registry = await registryOf(cli, options);
      const { nextPrune } = await import('../../domain/rollout/index.js');
      // A pointer that cannot be read may name any of them: then nothing is removed.
      const pointer = await registry.readPointer();
      const runIds = (await registry.list()).map(({ runId }) => runId);
      const held = new Set([...heldBy(pointer), ...((await registry.aliasedRunIds?.()) ?? [])]);
      const removed = nextPrune({ runIds, keep: options.keep, held });
      if (options.dryRun !== true) for (const runId of removed) await registry.remove(runId);
      if (options.json === true) {
        cli.terminal.json({ removed, kept: runIds.filter((runId) => !removed.includes(runId)) });
        return;
      }
      const verb = options.dryRun === true ? 'would go' : 'removed ';
      for (const runId of removed) cli.terminal.line(`${cli.terminal.style('red', verb)}  ${runId}`);
      cli.terminal.line(`${runIds.length - removed.length} of ${runIds.length} versions stay`);
    });
}

/** The current version, and the one that `flts models rollback` would go to. */
function heldBy(pointer: Pointer | null): string[] {
  if (pointer === null) return [];
  const [earlier] = pointer.history ?? [];
  return earlier === undefined ? [pointer.run_id] : [pointer.run_id, earlier.run_id];
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
}
