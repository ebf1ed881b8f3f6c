// Reference pages are what the code says; links in Markdown lead somewhere; no paths or hosts of a build machine.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { referencePages } from './reference.mjs';

const problems = [];
for (const [path, text] of await referencePages()) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) problems.push(`${path}: run "npm run docs"`);
}

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
}).split('\n');
for (const path of tracked.filter((name) => name.endsWith('.md'))) {
  const prose = readFileSync(path, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  for (const [, target] of prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (!/^https?:/.test(target) && !existsSync(join(dirname(path), target)))
      problems.push(`${path}: no such file: ${target}`);
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log('reference pages match the code; links resolve');
