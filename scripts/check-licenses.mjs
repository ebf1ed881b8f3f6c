// Permissive licences only in what runs, no copyleft that reaches us in the tools; a bound on direct runtime dependencies.
import { init } from 'license-checker-rseidelsohn';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const DIRECT_MAX = 25;
const PERMISSIVE = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0|Zlib)$/;

/** Tools are not distributed with the product: file-level MPL and attribution licences are acceptable there as well. */
const TOOLS_TOO = new RegExp(`${PERMISSIVE.source}|^(MPL-2\\.0|CC-BY-[34]\\.0)$`);

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const direct = Object.entries(manifest.dependencies);
const problems = [];
if (direct.length > DIRECT_MAX) problems.push(`${direct.length} direct runtime dependencies, at most ${DIRECT_MAX}`);
for (const [name, range] of [...direct, ...Object.entries(manifest.devDependencies)]) {
  if (!/^\d+\.\d+\.\d+$/.test(range)) problems.push(`${name}: pin an exact version, not ${range}`);
}

/** Whether the licences of a package suffice: of alternatives one is enough, of parts all must be acceptable. */
function isFine(licenses, acceptable) {
  const names = (Array.isArray(licenses) ? licenses.join(' AND ') : licenses).replaceAll(/[()*]/g, '');
  return names.split(' OR ').some((part) => part.split(' AND ').every((one) => acceptable.test(one.trim())));
}

async function check(options, acceptable) {
  const packages = await promisify(init)({ start: '.', excludePrivatePackages: true, ...options });
  for (const [name, { licenses }] of Object.entries(packages)) {
    if (!isFine(licenses, acceptable)) problems.push(`${name}: ${licenses}`);
  }
  return Object.keys(packages).length;
}

const runtime = await check({ production: true }, PERMISSIVE);
const tools = await check({ development: true }, TOOLS_TOO);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(
  `${runtime} runtime packages with permissive licences, ${tools} tools without copyleft on us; ${direct.length} direct runtime dependencies`,
);
