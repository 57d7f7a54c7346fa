import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { outOfSpace } from '../../computer/space.ts';
import { failure } from '../../errors.ts';
import { lanDevice, lanNetwork } from './command.ts';

/** A conversation with a running emulator. */
export interface Monitor {
  /** One QMP command. @throws ProvisionError (failed) with QEMU's words */
  ask(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** One command of the monitor a person types at (`savevm x`); its words. */
  human(line: string): Promise<string>;
  close(): void;
}

/**
 * Opens a machine's monitor: QMP, one JSON object a line (QEMU's docs/interop/qmp-spec.rst), on the socket
 * `monitor` in the machine's folder. The socket is reached through the open folder, because a socket's path may
 * have 107 bytes only.
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
      if (error) throw failure({ place: 'qemu', what: `refused "${command}"`, said: error.desc });
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

/** A conversation that ends with what it was for. */
export async function withMonitor<T>(folder: string, talk: (monitor: Monitor) => Promise<T>): Promise<T> {
  const monitor = await openMonitor(folder);
  try {
    return await talk(monitor);
  } finally {
    monitor.close();
  }
}

/** A command that says nothing when all is well. @throws ProvisionError (failed) with what it says */
export async function obey(monitor: Monitor, line: string): Promise<void> {
  const said = (await monitor.human(line)).trim();
  if (said) throw outOfSpace(said, 'lab') ?? failure({ place: 'qemu', what: `refused "${line}"`, said });
}

/** Puts a machine on the private network while it runs. */
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

/** Every call waits for the next line that is not an event. */
function converse(socket: Socket, seconds: number): () => Promise<Answer> {
  let text = '';
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  const gone = (why: string) =>
    settle?.reject(failure({ place: 'qemu', what: 'its monitor does not answer', why }));
  socket.setEncoding('utf8');
  socket.on('data', (data: string) => {
    text += data;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const message = JSON.parse(text.slice(0, end)) as Answer & { event?: string };
      text = text.slice(end + 1);
      if (message.event === undefined) settle?.resolve(message);
    }
  });
  socket.on('error', (error) => gone(error.message));
  socket.on('close', () => gone('it has closed'));
  return () =>
    new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => gone(`no answer in ${seconds} s`), seconds * 1000);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      settle = { resolve: settled(resolve), reject: settled(reject) };
    });
}
