import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { outOfSpace } from '../../computer/space.ts';
import { failure } from '../../errors.ts';
import { lanDevice, lanNetwork } from './command.ts';

/** A connection to the monitor of a running QEMU. */
export interface Monitor {
  /** Runs a QMP command. @throws ProvisionError (failed) with QEMU's message */
  ask(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Runs a command of the human monitor (`savevm x`) and returns its output. */
  human(line: string): Promise<string>;
  close(): void;
}

/**
 * Opens the monitor of a machine: QMP, one JSON object per line (QEMU's docs/interop/qmp-spec.rst), on the socket
 * `monitor` in the machine's folder. The path goes through a file descriptor of the folder, because the path of a
 * socket is limited to 107 bytes.
 */
export async function openMonitor(folder: string, seconds = 120): Promise<Monitor> {
  const handle = openSync(folder, 'r');
  const socket = connect(`/proc/self/fd/${handle}/monitor`);
  try {
    const answers = converse(socket, seconds);
    const ask = async (command: string, args?: Record<string, unknown>) => {
      const reply = answers();
      socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`);
      const { error, return: value } = await reply;
      if (error) throw failure({ place: 'qemu', what: `the command "${command}" failed`, said: error.desc });
      return value;
    };
    await answers(); // the greeting
    await ask('qmp_capabilities');
    const human = async (line: string) =>
      String(await ask('human-monitor-command', { 'command-line': line }));
    return { ask, human, close: () => socket.destroy() };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    closeSync(handle);
  }
}

/** Opens a monitor for `talk` and closes it afterwards. */
export async function withMonitor<T>(folder: string, talk: (monitor: Monitor) => Promise<T>): Promise<T> {
  const monitor = await openMonitor(folder);
  try {
    return await talk(monitor);
  } finally {
    monitor.close();
  }
}

/** Runs a command that prints nothing on success. @throws ProvisionError (failed) with its output */
export async function obey(monitor: Monitor, line: string): Promise<void> {
  const output = (await monitor.human(line)).trim();
  if (output)
    throw (
      outOfSpace(output, 'lab') ??
      failure({ place: 'qemu', what: `the command "${line}" failed`, said: output })
    );
}

/** Connects a running machine to the private network. */
export async function plugLan(
  monitor: Monitor,
  lan: { mac: string; group: string; port: number },
): Promise<void> {
  await obey(monitor, `netdev_add ${lanNetwork(lan)}`);
  await obey(monitor, `device_add ${lanDevice(lan.mac)}`);
}

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** Returns a function that waits for the next message that is not an event. */
function converse(socket: Socket, seconds: number): () => Promise<Answer> {
  let text = '';
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  const fail = (why: string) =>
    settle?.reject(failure({ place: 'qemu', what: 'the QEMU monitor does not answer', why }));
  socket.setEncoding('utf8');
  socket.on('data', (data: string) => {
    text += data;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const message = JSON.parse(text.slice(0, end)) as Answer & { event?: string };
      text = text.slice(end + 1);
      if (message.event === undefined) settle?.resolve(message);
    }
  });
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('the connection was closed'));
  return () =>
    new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => fail(`timed out after ${seconds} s`), seconds * 1000);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      settle = { resolve: settled(resolve), reject: settled(reject) };
    });
}
