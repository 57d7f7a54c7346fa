import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Host } from '../provision/index.ts';
import { reporterOf } from '../provision/report/reporter.ts';
import { verify } from '../provision/run/verify.ts';
import { newCommand, runCommand } from './command/command.ts';
import { docker } from './command/docker.ts';
import { wholeOption } from './command/options.ts';
import { progressLines } from './command/progress.ts';
import { requireCompose } from './dev/compose.ts';
import { composeWords, type DevOptions, wasWritten, writeProject } from './dev/project.ts';

const progress = progressLines(process.stderr);
const port = () =>
  wholeOption('--port <number>', 'the port of this computer for HTTP; HTTPS uses this port plus 363', {
    most: 65_535 - 363,
    fallback: 8081,
  });

const program = newCommand('dev').description(
  "Runs approach_1's Compose stack on your own Docker, with TheAPP from the sources of this checkout.",
);

program
  .command('up')
  .description('(default) start the stack; TheAPP restarts when a file in app/src changes')
  .addOption(port())
  .option('--network <numbers>', 'the first three numbers of an unused /24 network', '172.30.212')
  .action(async (options: DevOptions) => {
    await requireCompose();
    writeProject(options);
    await composed('up', '--detach', '--remove-orphans');
    await answering(options.port);
  });

program
  .command('logs [services...]')
  .description('show the logs of the stack, or of some of its services, until Ctrl-C')
  .option('--no-follow', 'show the existing lines, then exit')
  .action(async (services: string[], { follow }: { follow: boolean }) => {
    await requireCompose();
    await composed('logs', '--tail', '100', ...(follow ? ['--follow'] : []), ...services);
  });

program
  .command('stop')
  .description('stop the containers, and keep them and their data')
  .action(async () => {
    await requireCompose();
    await composed('stop');
  });

program
  .command('rm')
  .description('remove the containers, networks and data')
  .action(async () => {
    await requireCompose();
    await composed('--profile', '*', 'down', '--volumes', '--remove-orphans');
  });

program
  .command('tests')
  .description(
    'check every service of the running stack over HTTP, as npm run provision -- approach_1 --verify does',
  )
  .addOption(port())
  .action(async ({ port }: { port: number }) => {
    await requireCompose();
    const { default: approach } = await import('../approaches/approach_1/index.ts');
    const here = { address: '127.0.0.1', port };
    const host: Host = {
      name: 'dev',
      address: '127.0.0.1',
      groups: ['app'],
      forwarded: { 80: here },
      vars: {},
    };
    const report = await reporterOf({ json: false, diff: false, verbose: false });
    await verify(approach, [host], report, () => Promise.reject(new Error('containers have no SSH')));
  });

/** Gives the terminal to Compose. Ending it with Ctrl-C is not a failure. */
async function composed(...words: readonly string[]): Promise<void> {
  if (!wasWritten())
    throw failure({ place: 'dev', what: 'the stack has not been created yet', todo: 'npm run dev' });
  const { exitCode, isTerminated, shortMessage } = await docker([...composeWords, ...words], {
    stdout: 'inherit',
    stderr: 'inherit',
  });
  if (exitCode === 0 || isTerminated || exitCode === 130) return;
  const why = exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`;
  throw failure({ place: 'dev', what: `docker compose ${words[0]} failed`, why, todo: 'npm run dev:logs' });
}

/** Waits until TheAPP is ready and prints its address. */
async function answering(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/`;
  let said = 'no answer';
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(500)) {
    try {
      const answer = await fetch(`${url}readyz`, { signal: AbortSignal.timeout(5000) });
      said = `${answer.status} ${(await answer.text()).replaceAll(/\s+/g, ' ').slice(0, 100)}`;
      if (answer.ok) {
        progress.end();
        process.stderr.write(`\nTheAPP answers at ${url}\n  curl ${url}\n`);
        return;
      }
    } catch (error) {
      said = error instanceof Error ? error.message : String(error);
    }
    progress.show('dev', `waiting for TheAPP to be ready: ${said}`);
  }
  progress.end();
  throw failure({
    place: url,
    what: 'TheAPP was not ready within 180 s',
    why: said,
    todo: 'npm run dev:logs',
  });
}

await runCommand(program, { ended: progress.end, byDefault: 'up' });
