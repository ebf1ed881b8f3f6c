import { expect, it } from 'vitest';
import { planModels } from './model-plan.js';

const RUN = 'a'.repeat(32);
const settings = { registry: './reg', versionPolicy: 'latest', models: '', maxModelVersions: 8 };

it('the registry alone is one model, called as its pointer says', () => {
  expect(planModels(settings)).toEqual([{ name: null, registry: './reg', policy: { kind: 'latest' } }]);
});

it('further models have a name, a registry and a policy', () => {
  const models = `cells=dir:./cells#newest:2, roads=mlflow:models:/roads@champion,old=./reg#pinned:${RUN}`;
  expect(planModels({ ...settings, models }).slice(1)).toEqual([
    { name: 'cells', registry: 'dir:./cells', policy: { kind: 'newest', count: 2 } },
    { name: 'roads', registry: 'mlflow:models:/roads@champion', policy: { kind: 'latest' } },
    { name: 'old', registry: './reg', policy: { kind: 'pinned', runId: RUN } },
  ]);
});

it.each([
  [{ versionPolicy: 'best' }, "version_policy: 'best' is no policy"],
  [{ models: 'cells' }, "'cells' is not NAME=REGISTRY"],
  [{ models: '=./cells' }, 'is not NAME=REGISTRY'],
  [{ models: 'a b=./cells' }, 'is not NAME=REGISTRY'],
  [{ models: 'cells=' }, 'is not NAME=REGISTRY'],
  [{ models: 'cells=./cells#newest:99' }, "'cells': 'newest:99' is no policy"],
  [{ models: 'a=./a,a=./b' }, "'a' is there twice"],
  [{ models: 'a=./a,b=./b', maxModelVersions: 2 }, '3 models need as many versions'],
])('%j stops the start', (change, message) => {
  expect(() => planModels({ ...settings, ...change })).toThrow(message);
});
