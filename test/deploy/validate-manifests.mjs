// Validates the Kubernetes objects of a JSON array on stdin against their published schemas; prints what is wrong, one
// line each, and ends with code 1 if anything is. The schemas need Node 22 or later.
import { readFileSync } from 'node:fs';

const PACKAGES = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

async function problemOf(object) {
  const { apiVersion, kind, metadata } = object;
  const [group] = apiVersion.split('/');
  const place = `${apiVersion} ${kind} ${metadata?.name}`;
  const name = `${PACKAGES[group] ?? 'kubernetes-models'}/${apiVersion}`;
  const Model = await import(name).then(
    (module) => module[kind],
    (error) => {
      throw new Error(`${place}: no schemas in ${name}`, { cause: error });
    },
  );
  if (Model === undefined) return `${place}: ${name} knows no such kind`;
  try {
    new Model(object).validate();
    return null;
  } catch (error) {
    return `${place}: ${error.message}`;
  }
}

const objects = JSON.parse(readFileSync(0, 'utf8'));
const problems = (await Promise.all(objects.map(problemOf))).filter((problem) => problem !== null);
for (const problem of problems) console.log(problem);
console.log(`${objects.length} objects, ${problems.length} with problems`);
process.exit(problems.length === 0 ? 0 : 1);
