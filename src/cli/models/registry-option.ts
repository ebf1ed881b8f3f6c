import type { ModelRegistry } from '../../registry/index.js';

/** The option that every command of `flts models` has. */
export const REGISTRY_OPTION = ['--registry <uri>', 'where models are kept', './flts-registry'] as const;

/** Opens it when the command runs. Throws FLTS_USAGE for a URI of no known kind. */
export async function registryOf({ registry }: { readonly registry: string }): Promise<ModelRegistry> {
  const { openRegistry } = await import('../../registry/index.js');
  return openRegistry(registry);
}
