import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { migrate } from './schema/migrate.ts';
import { readMigrations } from './schema/migrations.ts';
import { serve } from './serve.ts';
import { currentRelease } from './version.ts';

const usage = `Usage: node theapp.mjs [serve | migrate] [--check-config] [--version] [--help]

  serve           serve requests until SIGTERM or SIGINT (the default command)
  migrate         apply the pending database migrations and exit
  --check-config  check the configuration, list every problem and exit
  --version       print the version and exit
  --help          print this help and exit

The configuration comes from environment variables; README.md lists them.
Exit codes: 0 success, 1 failure, 64 invalid usage, 78 invalid configuration.
`;

/** Exit codes of sysexits.h: a restart does not fix invalid usage or an invalid configuration. */
const [invalidUsage, invalidConfig] = [64, 78];

/** TheAPP's command line. Returns the exit code, or undefined while it serves. */
async function main(argv: string[]): Promise<number | undefined> {
  const { command, options } = readArguments(argv);
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

function readArguments(argv: string[]) {
  try {
    const { values: options, positionals } = parseArgs({
      args: argv,
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
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    return exitWith(invalidUsage, [message, '', usage.trimEnd()]);
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
  if (error instanceof ConfigError) exitWith(invalidConfig, error.problems);
  exitWith(1, [error instanceof Error ? `${error.message}` : String(error)]);
}
