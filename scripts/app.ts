import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Option } from 'commander';
import { inputError } from '../provision/index.ts';
import { shown } from '../provision/input/yaml.ts';
import { bringUp, type Dependencies, status, stop, type Way, ways } from './app/dependencies.ts';
import type { Server } from './app/servers.ts';
import { newCommand, runCommand } from './command/command.ts';
import { progressLines } from './command/progress.ts';

const main = join(resolve(import.meta.dirname, '..'), 'app/src/main.ts');
const progress = progressLines(process.stderr);
const by = () => new Option('--with <means>', 'how to run the servers').choices(ways);

const program = newCommand('app').description(
  'run TheAPP from its sources on this computer, with its own MariaDB, Redis and Memcached',
);

program
  .command('run', { isDefault: true })
  .description(
    'start the servers, apply the migrations and run TheAPP until Ctrl-C; reads HOST, PORT and VHOSTS',
  )
  .addOption(by())
  .action(async ({ with: way }: { with?: Way }) => {
    const { servers, environment } = await bringUp(progress.show, way);
    progress.end();
    for (const server of servers) process.stderr.write(`${line(server)}\n`);
    const run = runner({ DRAIN_SECONDS: '0', ...process.env, ...environment });
    process.exitCode = (await run('migrate')) || (await run('serve'));
  });

program
  .command('deps [action]')
  .description('manage only the servers: up (default), status or stop')
  .addOption(by())
  .option('--purge', 'with stop: also remove the data', false)
  .action(async (action: string = 'up', { with: way, purge }: { with?: Way; purge: boolean }) => {
    if (action === 'up') return print(await bringUp(progress.show, way));
    if (action === 'status') return list(await status());
    if (action !== 'stop')
      throw inputError({ what: `unknown action "${action}"`, why: 'expected up, status or stop' });
    const stopped = await stop(progress.show, purge);
    progress.end();
    process.stdout.write(stopped.length > 0 ? `stopped: ${stopped.join(', ')}\n` : 'nothing ran\n');
  });

function print({ servers, passwords }: Dependencies): void {
  progress.end();
  list(servers);
  process.stdout.write(`${'passwords'.padEnd(11)}${shown(passwords)}\n`);
}

function list(servers: readonly Server[]): void {
  for (const server of servers) process.stdout.write(`${line(server)}\n`);
  if (servers.length === 0) process.stdout.write('nothing runs: npm run app:deps\n');
}

const line = ({ name, port, by }: Server) => `${name.padEnd(11)}127.0.0.1:${port}   ${by}`;

/**
 * Runs TheAPP from its sources, one command after the other, and answers the exit code of each. It says where it
 * answers. A terminal's Ctrl-C reaches both of us; any other signal is passed on, and nothing is started after it.
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
    tellAddress(started.stdout);
    const [code] = await once(started, 'close');
    return code ?? 1;
  };
}

/** Where it answers is in its log. */
function tellAddress(log: Readable): void {
  let said = '';
  log.on('data', function look(part: Buffer) {
    said += part;
    const [, address] = /"address":"([^"]+)"/.exec(said) ?? [];
    if (!address) return;
    log.off('data', look);
    process.stderr.write(`\nTheAPP answers at ${address}/\n  curl ${address}/\n\n`);
  });
}

await runCommand(program, progress.end);
