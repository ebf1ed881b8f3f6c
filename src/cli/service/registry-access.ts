import type { Settings } from '../../contract/index.js';
import type { RegistryAccess } from '../../registry/index.js';

/** How the settings say that remote registries are reached. `holds`: models that are fetched serve from then on. */
export function registryAccess(settings: Settings, holds: boolean): RegistryAccess {
  return {
    s3: { endpointUrl: settings.s3EndpointUrl, region: settings.s3Region },
    mlflow: {
      trackingUri: settings.mlflowTrackingUri,
      username: settings.mlflowTrackingUsername,
      password: settings.mlflowTrackingPassword,
      token: settings.mlflowTrackingToken,
    },
    cache: { folder: settings.modelCacheFolder, maxBytes: settings.modelCacheMaxBytes, holds },
  };
}
