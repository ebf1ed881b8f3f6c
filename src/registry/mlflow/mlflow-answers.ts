import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { FltsError } from '../../contract/index.js';

/** The parts of MLflow's answers that are used, checked at the door. */

const Tags = Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.String() })));

const ModelVersionSchema = Type.Object({
  version: Type.String(),
  run_id: Type.Optional(Type.String()),
  creation_timestamp: Type.Optional(Type.Number()),
  tags: Tags,
});
export type ModelVersion = Static<typeof ModelVersionSchema>;

export const VersionAnswer = Type.Object({ model_version: ModelVersionSchema });
export const VersionsAnswer = Type.Object({
  model_versions: Type.Optional(Type.Array(ModelVersionSchema)),
  next_page_token: Type.Optional(Type.String()),
});
/** No aliases: the key is left out. */
export const RegisteredModelAnswer = Type.Object({
  registered_model: Type.Object({
    aliases: Type.Optional(Type.Array(Type.Object({ alias: Type.String(), version: Type.String() }))),
  }),
});
export const ArtifactUriAnswer = Type.Object({ artifact_uri: Type.String() });
export const RunAnswer = Type.Object({
  run: Type.Object({
    info: Type.Object({
      run_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
      artifact_uri: Type.String(),
      experiment_id: Type.Optional(Type.String()),
      status: Type.Optional(Type.String()),
      start_time: Type.Optional(Type.Number()),
    }),
    /** Of MLflow 3 and later: the models that the run logged. */
    outputs: Type.Optional(Type.Object({ model_outputs: Type.Optional(Type.Array(Type.Object({}))) })),
  }),
});
const LoggedModelSchema = Type.Object({ info: ArtifactUriAnswer });
export const LoggedModelAnswer = Type.Object({ model: LoggedModelSchema });
export const LoggedModelsAnswer = Type.Object({ models: Type.Optional(Type.Array(LoggedModelSchema)) });

/** The answer as its type. Throws FLTS_SOURCE_REFUSED when it is not of that form; `what` names it. */
export function readAnswer<T extends TSchema>(schema: T, answer: unknown, what: string): Static<T> {
  if (Value.Check(schema, answer)) return answer;
  throw new FltsError('FLTS_SOURCE_REFUSED', `MLflow's answer for ${what} is not of the form that this flts knows.`, {
    remedy: 'Use an MLflow server of version 2.9 or later.',
  });
}

export function tagOf(version: ModelVersion, key: string): string | null {
  return version.tags?.find((tag) => tag.key === key)?.value ?? null;
}
