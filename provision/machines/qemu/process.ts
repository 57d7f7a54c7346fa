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

/** The emulator of a machine runs on its own, and outlives this command. @throws ProvisionError (failed) */
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
      what: 'the emulator did not start',
      why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
      said: stderr ?? '',
    })
  );
}

/**
 * The emulator's process id, when it runs. A pid file left by a crash may name a process that has nothing to do
 * with it: the process must be an emulator that keeps its pid in this very folder.
 */
export function processOf(folder: string): number | undefined {
  try {
    const file = join(folder, 'pid');
    const pid = Number(readFileSync(file, 'utf8').trim());
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const ended = / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''));
    return pid > 0 && !ended && words.includes(file) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends it as a power cut would: nothing in the guest is asked. */
export async function cutPower(folder: string): Promise<void> {
  const pid = processOf(folder);
  if (pid !== undefined) await end(pid, folder, 'SIGKILL');
  for (const left of ['pid', 'monitor']) rmSync(join(folder, left), { force: true });
}

/** Lets the emulator write its disk's tables and go. */
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
        what: `process ${pid} cannot be ended`,
        why: String(why),
        todo: 'end it as the user that started it',
      });
    }
  }
  for (let tries = 0; tries < 1200 && !isGone(pid); tries++) await sleep(25);
}

/**
 * A process that was killed looks like a zombie while threads of it still run, and its ports are taken until the last
 * of them has gone: a busy computer needs seconds for that.
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

/** The last lines of what a machine wrote on its serial line, without its terminal codes. */
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

/** @throws ProvisionError (failed) when the guest has panicked or its emulator is gone */
export function requireAlive(name: string, folder: string): void {
  const log = serial(folder);
  const last = log.trimEnd().split('\n').slice(-12).join('\n');
  if (/Kernel panic|not syncing:|double fault/.test(log)) {
    throw failure({
      place: name,
      what: 'its kernel panicked',
      said: last,
      todo: `the whole of it: ${join(folder, 'serial.log')}`,
    });
  }
  if (processOf(folder) === undefined) {
    throw failure({
      place: name,
      what: 'its emulator ended',
      said: last,
      todo: `the whole of it: ${join(folder, 'serial.log')}`,
    });
  }
}
