/** `npm run bench -- NAME [options]`: runs bench/NAME.mjs; without a name, says which there are. */
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('../bench/', import.meta.url));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -'.mjs'.length));
const [name = '', ...rest] = process.argv.slice(2);
if (names.includes(name)) {
  process.argv.splice(2, process.argv.length, ...rest);
  await import(pathToFileURL(`${folder}${name}.mjs`).href);
} else {
  console.error(`usage: npm run bench -- ${names.join('|')} [options]`);
  process.exitCode = 2;
}
