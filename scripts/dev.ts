import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from 'commander';
import { failure, type Host } from '../provision/index.ts';
import { reporterOf } from '../provision/report/reporter.ts';
import { verify } from '../provision/run/verify.ts';
import { newCommand, runCommand } from './command/command.ts';
import { whole } from './command/options.ts';
import { progressLines } from './command/progress.ts';
import { docker, requireCompose } from './dev/docker.ts';
import { composeWords, type DevOptions, wasWritten, writeProject } from './dev/project.ts';

const progress = progressLines(process.stderr);
const port = () =>
  new Option('--port <number>', 'port of this computer where it answers')
    .default(8081)
    .argParser((text) => whole('--port', text, 65_535 - 363));

const program = newCommand('dev').description(
  "approach_1's stack on your own Docker, with TheAPP from the sources of this checkout",
);

program
  .command('up', { isDefault: true })
  .description('bring it up; a change in app/src starts TheAPP again')
  .addOption(port())
  .option('--network <numbers>', 'the first three numbers of a network that is free', '172.30.212')
  .action(async (options: DevOptions) => {
    await requireCompose();
    writeProject(options);
    await composed('up', '--detach', '--remove-orphans');
    await answering(options.port);
  });

program
  .command('logs [services...]')
  .description('what its containers write, until Ctrl-C')
  .option('--no-follow', 'only what they have written so far')
  .action(async (services: string[], { follow }: { follow: boolean }) => {
    await requireCompose();
    await composed('logs', '--tail', '100', ...(follow ? ['--follow'] : []), ...services);
  });

program
  .command('stop')
  .description('stop it; data and containers stay')
  .action(async () => {
    await requireCompose();
    await composed('stop');
  });

program
  .command('rm')
  .description('remove its containers, networks and data')
  .action(async () => {
    await requireCompose();
    await composed('--profile', '*', 'down', '--volumes', '--remove-orphans');
  });

program
  .command('tests')
  .description('ask every service of the running stack, as --verify asks a machine')
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
    await verify(approach, [host], await reporterOf({ json: false, diff: false, verbose: false }));
  });

/** Compose takes over the terminal; Ctrl-C ends it, and that is no failure. */
async function composed(...words: readonly string[]): Promise<void> {
  if (!wasWritten()) throw failure({ place: 'dev', what: 'there is no such stack yet', todo: 'npm run dev' });
  const { exitCode, isTerminated, shortMessage } = await docker([...composeWords, ...words], {
    stdout: 'inherit',
    stderr: 'inherit',
  });
  if (exitCode === 0 || isTerminated || exitCode === 130) return;
  const why = exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`;
  throw failure({ place: 'dev', what: `docker compose ${words[0]} failed`, why, todo: 'npm run dev:logs' });
}

/** Waits for readiness, and says where it answers. */
async function answering(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/`;
  let said = 'nothing';
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
    progress.show('dev', `waiting until ready: ${said}`);
  }
  progress.end();
  throw failure({ place: url, what: 'did not become ready in 180 s', why: said, todo: 'npm run dev:logs' });
}

await runCommand(program, progress.end);
