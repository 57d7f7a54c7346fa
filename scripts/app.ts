import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Option } from 'commander';
import { shown } from '../provision/input/yaml.ts';
import { bringUp, type Dependencies, status, stop, type Way, ways } from './app/dependencies.ts';
import type { Server } from './app/servers.ts';
import { newCommand, runCommand } from './command/command.ts';
import { oneOf } from './command/options.ts';
import { progressLines } from './command/progress.ts';

const main = join(resolve(import.meta.dirname, '..'), 'app/src/main.ts');
const progress = progressLines(process.stderr);
const withOption = () =>
  new Option(
    '--with <means>',
    `how to run the servers: ${ways.join(' or ')}; by default, the first that works`,
  ).argParser((text) => oneOf('--with', ways, text));
const actions = ['up', 'status', 'stop'] as const;

const program = newCommand('app').description(
  'Runs TheAPP on this computer, with its own MariaDB, Redis and Memcached.',
);

program
  .command('run')
  .description(
    '(default) start the servers, migrate the database, and run TheAPP until Ctrl-C; honours HOST, PORT and VHOSTS',
  )
  .addOption(withOption())
  .action(async ({ with: way }: { with?: Way }) => {
    const { servers, environment } = await bringUp(progress.show, way);
    progress.end();
    for (const server of servers) process.stderr.write(`${line(server)}\n`);
    const run = runner({ DRAIN_SECONDS: '0', ...process.env, ...environment });
    process.exitCode = (await run('migrate')) || (await run('serve'));
  });

program
  .command('deps')
  .description('start, list or stop MariaDB, Redis and Memcached, without TheAPP')
  .argument(
    '[action]',
    'up (start the servers), status or stop',
    (text: string) => oneOf('deps', actions, text),
    'up' as const,
  )
  .addOption(withOption())
  .option('--purge', 'with stop: also remove the data', false)
  .action(async (action: (typeof actions)[number], { with: way, purge }: { with?: Way; purge: boolean }) => {
    if (action === 'up') return print(await bringUp(progress.show, way));
    if (action === 'status') return list(await status());
    const stopped = await stop(progress.show, purge);
    progress.end();
    process.stdout.write(stopped.length > 0 ? `stopped: ${stopped.join(', ')}\n` : 'no server was running\n');
  });

function print({ servers, passwords }: Dependencies): void {
  progress.end();
  list(servers);
  process.stdout.write(`${'passwords'.padEnd(11)}${shown(passwords)}\n`);
}

function list(servers: readonly Server[]): void {
  for (const server of servers) process.stdout.write(`${line(server)}\n`);
  if (servers.length === 0) process.stdout.write('no server is running; to start them: npm run app:deps\n');
}

const line = ({ name, port, by }: Server) => `${name.padEnd(11)}127.0.0.1:${port}   ${by}`;

/**
 * Runs commands of TheAPP from its sources, one after the other, and returns the exit code of each. It prints the
 * address that TheAPP listens on. A terminal's Ctrl-C reaches both processes; any other signal is passed on to TheAPP,
 * and no further command starts.
 */
function runner(env: NodeJS.ProcessEnv): (...words: string[]) => Promise<number> {
  let child: ChildProcess | undefined;
  let stopping = false;
  const pass = (signal: NodeJS.Signals) => {
    stopping = true;
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.kill(signal);
  };
  process.on('SIGINT', pass).on('SIGTERM', pass);
  return async (...words) => {
    if (stopping) return 1;
    const started = spawn(process.execPath, [main, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    started.stdout.pipe(process.stdout, { end: false });
    printAddress(started.stdout);
    const [code] = await once(started, 'close');
    return code ?? 1;
  };
}

/** Prints the address as soon as it appears in the log. */
function printAddress(log: Readable): void {
  let said = '';
  log.on('data', function read(part: Buffer) {
    said += part;
    const [, address] = /"address":"([^"]+)"/.exec(said) ?? [];
    if (!address) return;
    log.off('data', read);
    process.stderr.write(`\nTheAPP answers at ${address}/\n  curl ${address}/\n\n`);
  });
}

await runCommand(program, { ended: progress.end, byDefault: 'run' });
