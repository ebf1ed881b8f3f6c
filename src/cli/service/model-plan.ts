import { FltsError, type Settings } from '../../contract/index.js';
import { NEWEST_MAX, parseVersionPolicy, type VersionPolicy } from '../../domain/rollout/index.js';

/** One model that the service is to have. */
export interface PlannedModel {
  /** Null for the first: it is called as its registry's pointer says. */
  readonly name: string | null;
  readonly registry: string;
  readonly policy: VersionPolicy;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The models of the settings, the first one first. Throws FLTS_SETTINGS. */
export function planModels(
  settings: Pick<Settings, 'registry' | 'versionPolicy' | 'models' | 'maxModelVersions'>,
): [PlannedModel, ...PlannedModel[]] {
  const others = settings.models
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(plannedModel);
  const names = others.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw bad(`models: '${twice}' is there twice`);
  if (1 + others.length > settings.maxModelVersions) {
    throw bad(
      `models: ${1 + others.length} models need as many versions, max_model_versions is ${settings.maxModelVersions}`,
    );
  }
  const policy = policyOf('version_policy', settings.versionPolicy);
  return [{ name: null, registry: settings.registry, policy }, ...others];
}

function plannedModel(entry: string): PlannedModel & { readonly name: string } {
  const [, name = '', registry = '', policy = 'latest'] = /^([^=]*)=([^#]+)(?:#(.*))?$/.exec(entry) ?? [];
  if (!NAME.test(name)) {
    throw bad(`models: '${entry.slice(0, 80)}' is not NAME=REGISTRY or NAME=REGISTRY#POLICY`);
  }
  return { name, registry, policy: policyOf(`models: '${name}'`, policy) };
}

function policyOf(where: string, text: string): VersionPolicy {
  const policy = parseVersionPolicy(text);
  if (policy !== null) return policy;
  const are = `latest, pinned:RUN_ID with 32 hexadecimal digits, or newest:N with N from 1 to ${NEWEST_MAX}`;
  throw bad(`${where}: '${text.slice(0, 80)}' is no policy; policies are ${are}`);
}

function bad(what: string): FltsError {
  return new FltsError('FLTS_SETTINGS', `${what}.`);
}
