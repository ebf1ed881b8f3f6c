// File and folder sizes and names (ARCHITECTURE.md): what a newcomer can read in one sitting.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const LINES_MAX = 400;
const TEST_LINES_MAX = 500;
const FILES_PER_FOLDER_MAX = 20;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.[a-z]+$/;
const VAGUE = /(^|[-/])(utils?|helpers?|common|misc)([-./]|$)/;

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'test', 'bench', 'scripts'],
  {
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => /\.(ts|mjs|cjs)$/.test(path));

const problems = [];
const perFolder = new Map();
for (const path of files) {
  const lines = readFileSync(path, 'utf8').split('\n').length - 1;
  const isTest = path.endsWith('.test.ts');
  const most = isTest ? TEST_LINES_MAX : LINES_MAX;
  if (lines > most) problems.push(`${path}: ${lines} lines, at most ${most}`);
  if (!KEBAB.test(basename(path))) problems.push(`${path}: the name is not kebab-case`);
  if (VAGUE.test(path)) problems.push(`${path}: name it after what it does`);
  if (!isTest) perFolder.set(dirname(path), (perFolder.get(dirname(path)) ?? 0) + 1);
}
for (const [folder, count] of perFolder) {
  if (count > FILES_PER_FOLDER_MAX) problems.push(`${folder}: ${count} files, at most ${FILES_PER_FOLDER_MAX}`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`sizes and names hold over ${files.length} files`);
