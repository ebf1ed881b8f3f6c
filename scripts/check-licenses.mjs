// Permissive licences only among what is installed for running; a bound on direct runtime dependencies.
import { init } from 'license-checker-rseidelsohn';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const DIRECT_MAX = 25;
const PERMISSIVE = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0|Zlib)$/;

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const direct = Object.entries(manifest.dependencies);
const problems = [];
if (direct.length > DIRECT_MAX) problems.push(`${direct.length} direct runtime dependencies, at most ${DIRECT_MAX}`);
for (const [name, range] of [...direct, ...Object.entries(manifest.devDependencies)]) {
  if (!/^\d+\.\d+\.\d+$/.test(range)) problems.push(`${name}: pin an exact version, not ${range}`);
}
const packages = await promisify(init)({ start: '.', excludePrivatePackages: true });
for (const [name, { licenses }] of Object.entries(packages)) {
  const names = (Array.isArray(licenses) ? licenses.join(' AND ') : licenses).replaceAll(/[()*]/g, '');
  // Of alternatives one is enough, of parts all must be permissive.
  const fine = names.split(' OR ').some((part) => part.split(' AND ').every((one) => PERMISSIVE.test(one.trim())));
  if (!fine) problems.push(`${name}: ${names}`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${Object.keys(packages).length} packages, permissive licences only; ${direct.length} direct runtime dependencies`);
