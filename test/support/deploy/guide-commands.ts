import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What stands for the reader's own words, longest first: BUCKET/PREFIX before PREFIX. */
const WORDS: Readonly<Record<string, string>> = {
  NAMESPACE: 'prod',
  'BUCKET/PREFIX': 'models/lte',
  PROMETHEUS: 'prometheus.monitoring.svc',
  REGISTRY: 'registry.example/team',
  REGION: 'eu-central-1',
  HOST: 'flts.example.org',
};
const PROGRAMS = ['helm', 'kubectl', 'docker'];

/** Every command of a guide's ```console blocks, with words for its placeholders. */
export function guideCommands(path: string): string[] {
  const blocks = [...readFileSync(path, 'utf8').matchAll(/^```console\n([\s\S]*?)^```$/gm)].map((one) => one[1] ?? '');
  const commands = blocks.flatMap((block) =>
    block
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\$ /, '')),
  );
  return commands.map((command) =>
    Object.entries(WORDS).reduce(
      (text, [word, value]) => text.replaceAll(new RegExp(`(?<![A-Z_$])${word}(?![A-Z_])`, 'g'), value),
      command,
    ),
  );
}

/** The arguments that a command's program gets, by the shell itself: its first is the program. */
export function argumentsOf(command: string): string[] {
  const told = PROGRAMS.map((name) => `${name}() { printf '%s\\0' ${name} "$@"; }`).join('\n');
  const output = execFileSync('bash', ['-euo', 'pipefail', '-c', `${told}\n${command}`], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

/** Values of a flag that may be repeated. */
export function flagValues(args: readonly string[], ...flags: readonly string[]): string[] {
  return args.flatMap((arg, i) => (flags.includes(arg) ? [args[i + 1] ?? ''] : []));
}
