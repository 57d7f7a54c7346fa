import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { locate } from '../../computer/programs.ts';
import { outOfSpace } from '../../computer/space.ts';
import { failure } from '../../errors.ts';
import { commandOf, type Wanted } from './command.ts';
import { openMonitor } from './monitor.ts';

/** Starts QEMU for a machine, as a daemon that outlives this process. @throws ProvisionError (failed) */
export async function launch(wanted: Wanted): Promise<void> {
  const [program = '', ...args] = commandOf(wanted);
  for (const old of ['pid', 'monitor', 'serial.log']) rmSync(join(wanted.folder, old), { force: true });
  const { exitCode, stderr, shortMessage } = await execa(locate(program) ?? program, args, {
    cwd: wanted.folder,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
  });
  if (exitCode === 0) return;
  rmSync(join(wanted.folder, 'pid'), { force: true });
  throw (
    outOfSpace(stderr ?? '', wanted.folder) ??
    failure({
      place: wanted.name,
      what: 'QEMU did not start',
      why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
      said: stderr ?? '',
    })
  );
}

/**
 * The process id of QEMU, if it is running. After a crash the pid file may name an unrelated process, so the process
 * must have this pid file in its command line.
 */
export function processOf(folder: string): number | undefined {
  try {
    const file = join(folder, 'pid');
    const pid = Number(readFileSync(file, 'utf8').trim());
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const ended = / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
    return pid > 0 && !ended && args.includes(file) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Kills QEMU, which the guest experiences as a power cut. */
export async function cutPower(folder: string): Promise<void> {
  const pid = processOf(folder);
  if (pid !== undefined) await end(pid, folder, 'SIGKILL');
  for (const left of ['pid', 'monitor']) rmSync(join(folder, left), { force: true });
}

/** Lets QEMU write its disk tables and exit. */
export async function quit(folder: string): Promise<void> {
  const pid = processOf(folder);
  if (pid === undefined) return;
  const monitor = await openMonitor(folder, 10).catch(() => undefined);
  await monitor?.ask('quit').catch(() => {});
  monitor?.close();
  for (let tries = 0; tries < 100 && processOf(folder) !== undefined; tries++) await sleep(50);
  await cutPower(folder);
}

async function end(pid: number, folder: string, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    if (why !== 'ESRCH') {
      throw failure({
        place: folder,
        what: `process ${pid} could not be killed`,
        why: String(why),
        todo: `run as the user who started it: kill -9 ${pid}`,
      });
    }
  }
  for (let tries = 0; tries < 1200 && !isGone(pid); tries++) await sleep(25);
}

/**
 * A killed process is listed as a zombie while some of its threads still run, and its ports stay in use until the last
 * thread has ended, which takes seconds on a busy computer.
 */
function isGone(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).length;
    const ended = / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
    return ended && threads <= 1;
  } catch {
    return true;
  }
}

/** The end of a machine's serial console log, without terminal codes. */
export function serial(folder: string, bytes = 20_000): string {
  try {
    const file = join(folder, 'serial.log');
    const { size } = statSync(file);
    const handle = openSync(file, 'r');
    const buffer = Buffer.alloc(Math.min(size, bytes));
    readSync(handle, buffer, 0, buffer.length, Math.max(0, size - bytes));
    closeSync(handle);
    return stripVTControlCharacters(buffer.toString()).replaceAll('\r', '');
  } catch {
    return '';
  }
}

/** @throws ProvisionError (failed) if the guest has panicked or QEMU has exited */
export function requireAlive(name: string, folder: string): void {
  const log = serial(folder);
  const last = log.trimEnd().split('\n').slice(-12).join('\n');
  if (/Kernel panic|not syncing:|double fault/.test(log)) {
    throw failure({
      place: name,
      what: 'the kernel of the machine panicked',
      said: last,
      todo: `read the full log: less ${join(folder, 'serial.log')}`,
    });
  }
  if (processOf(folder) === undefined) {
    throw failure({
      place: name,
      what: 'QEMU exited',
      said: last,
      todo: `read the full log: less ${join(folder, 'serial.log')}`,
    });
  }
}
