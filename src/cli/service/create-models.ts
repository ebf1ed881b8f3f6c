import type { Settings } from '../../contract/index.js';
import { openRegistry } from '../../registry/index.js';
import {
  type Clock,
  type Log,
  type Metrics,
  ModelCatalogue,
  type ModelHost,
  ModelManager,
  ModelTable,
  type PredictionService,
  ServedModel,
} from '../../serving/index.js';
import { AvailableMemory } from '../../telemetry/index.js';
import { type PlannedModel, planModels } from './model-plan.js';
import { registryAccess } from './registry-access.js';

/** The models of a service, before anything is loaded. */
export interface PlannedModels {
  readonly table: ModelTable;
  /** Follows their registries; to be started. */
  follow(
    service: PredictionService,
    host: ModelHost,
    tools: { clock: Clock; metrics: Metrics; log: Log },
  ): ModelCatalogue;
}

/** Throws FLTS_SETTINGS, or FLTS_USAGE for a registry of no known kind. */
export function createModels(settings: Settings): PlannedModels {
  const planned = planModels(settings).map((plan) => ({
    plan,
    model: new ServedModel(plan.name),
    source: openRegistry(plan.registry, registryAccess(settings, true)),
  }));
  const [first, ...others] = planned;
  if (first === undefined) throw new Error('a service has a model');
  const loadedVersions = (): number => planned.reduce((sum, { model }) => sum + model.lanes.length, 0);
  const settingsOf = ({ name, policy }: PlannedModel): ConstructorParameters<typeof ModelManager>[3] => ({
    name,
    policy,
    // Further models are chosen by their registry alone.
    identifier: name === null ? settings.identifier : '',
    watchMs: settings.rollbackWatchMs,
  });
  return {
    table: new ModelTable(
      first.model,
      others.map(({ model }) => model),
    ),
    follow: (service, host, tools) => {
      const shared = {
        ...tools,
        host,
        memory: new AvailableMemory(),
        reserveBytes: settings.memoryReserveBytes,
        room: () => settings.maxModelVersions - loadedVersions(),
      };
      const managerOf = ({ plan, model, source }: typeof first): ModelManager =>
        new ModelManager(service, model, { ...shared, source }, settingsOf(plan));
      const managers: [ModelManager, ...ModelManager[]] = [managerOf(first), ...others.map(managerOf)];
      return new ModelCatalogue(managers, tools.clock, settings.registryPollMs, { next: Math.random });
    },
  };
}
