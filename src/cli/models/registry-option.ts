import type { ModelRegistry } from '../../registry/index.js';
import type { Cli } from '../cli.js';

/** The option that every command has which reads or writes models. */
export const REGISTRY_OPTION = [
  '--registry <uri>',
  'where models are kept: a folder, s3://BUCKET/PREFIX, mlflow:models:/NAME@ALIAS',
  './flts-registry',
] as const;

/**
 * Opens it when the command runs; how a remote one is reached is in the environment or flts.yaml, as for the service.
 * Throws FLTS_USAGE for a URI of no known kind, FLTS_SETTINGS.
 */
export async function registryOf(cli: Cli, { registry }: { readonly registry: string }): Promise<ModelRegistry> {
  const [{ openRegistry }, { loadSettings }, { registryAccess }] = await Promise.all([
    import('../../registry/index.js'),
    import('../service/load-settings.js'),
    import('../service/registry-access.js'),
  ]);
  const { settings } = await loadSettings({}, cli.env, undefined);
  return openRegistry(registry, registryAccess(settings, false));
}
