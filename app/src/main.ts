import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { migrate } from './schema/migrate.ts';
import { readMigrations } from './schema/migrations.ts';
import { serve } from './serve.ts';
import { currentRelease } from './version.ts';

const usage = `Usage: node theapp.mjs [serve | migrate] [--check-config] [--version] [--help]

  serve           answer requests until SIGTERM or SIGINT (when no command is given)
  migrate         bring the database to this release, and exit
  --check-config  say what is wrong with the configuration, and exit
  --version       print the version, and exit

Exit codes: 0 done, 1 failed, 64 wrong usage, 78 wrong configuration (see README.md for the variables).
`;

/** Exit codes of sysexits.h: wrong usage and wrong configuration do not get better by a restart. */
const [wrongUsage, wrongConfig] = [64, 78];

/** TheAPP's command line. Answers the exit code, or nothing while it serves. */
async function main(words: string[]): Promise<number | undefined> {
  const { command, options } = readArguments(words);
  const release = currentRelease();
  if (options.help) return print(usage);
  if (options.version) return print(`${release.version}\n`);
  const config = readConfig(process.env);
  if (options['check-config']) return print('configuration: ok\n');
  const log = createLog(config.LOG_LEVEL, release.version);
  if (command === 'serve') return void (await serve(config, release, log));
  const applied = await migrate(config, readMigrations(release.folder));
  return print(applied.length > 0 ? `applied: ${applied.join(', ')}\n` : 'nothing to apply\n');
}

function readArguments(words: string[]) {
  try {
    const { values: options, positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        help: { type: 'boolean' },
        version: { type: 'boolean' },
        'check-config': { type: 'boolean' },
      },
    });
    const [command = 'serve', ...more] = positionals;
    if (more.length > 0 || !['serve', 'migrate'].includes(command))
      throw new Error(`unknown command ${JSON.stringify(positionals.join(' '))}`);
    return { command, options };
  } catch (error) {
    return exitWith(wrongUsage, [`${error instanceof Error ? error.message : error}`, '', usage.trimEnd()]);
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function exitWith(code: number, lines: string[]): never {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(code);
}

try {
  const code = await main(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  if (error instanceof ConfigError) exitWith(wrongConfig, error.problems);
  exitWith(1, [error instanceof Error ? `${error.message}` : String(error)]);
}
