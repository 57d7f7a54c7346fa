import { execa } from 'execa';
import { failure, type Host } from '../../../provision/index.ts';
import {
  cutPowerOf as killContainer,
  powerOn as startContainer,
} from '../../../provision/machines/docker.ts';
import { machineFolder } from '../../../provision/machines/lab/folders.ts';
import type { Provider } from '../../../provision/machines/provider.ts';
import { processOf } from '../../../provision/machines/qemu/process.ts';
import { cutPowerOf, powerOn } from '../../../provision/machines/qemu.ts';
import type { Inject } from './scenario.ts';

/** Cuts the power of machines and restores it. */
export interface Power {
  off(host: Host): Promise<void>;
  on(host: Host): Promise<void>;
  /** Whether the machine is on. When a machine reboots, its emulator may exit instead. */
  isOn(host: Host): boolean;
  /** Whether to restart a machine by cutting and restoring its power, instead of rebooting its system. */
  readonly restarts: boolean;
}

/** Cuts the power of a machine; the revert restores it. */
export const cutPower =
  ({ power }: { readonly power: Power }, host: Host): Inject =>
  async () => {
    await power.off(host);
    return () => power.on(host);
  };

/** Shell commands that control a hypervisor, a cloud or a power switch; they get `$HOST` and `$ADDRESS`. */
export interface PowerCommands {
  readonly powerOff?: string | undefined;
  readonly powerOn?: string | undefined;
}

/** Seconds that a command may take. */
const DEADLINE_SECONDS = 120;

/** The given commands if there are both; otherwise only machines of the lab can be switched off. */
export function powerOf(
  approach: string,
  { provider, powerOff, powerOn }: PowerCommands & { readonly provider: Provider['name'] },
  tell: (line: string) => void,
): Power {
  if (powerOff !== undefined && powerOn !== undefined) return commanded(powerOff, powerOn);
  if (provider === 'qemu') return virtual(approach, tell);
  return provider === 'docker' ? containers(approach, tell) : none(approach);
}

/** `docker kill` and `docker start`. A container that reboots keeps the boot id, which is its computer's. */
const containers = (approach: string, tell: (line: string) => void): Power => ({
  off: ({ name }) => killContainer(approach, name),
  on: ({ name }) => startContainer(approach, name, tell),
  isOn: () => true,
  restarts: true,
});

const virtual = (approach: string, tell: (line: string) => void): Power => ({
  off: async ({ name }) => void (await cutPowerOf(approach, name)),
  on: async ({ name }) => void (await powerOn(approach, name, tell)),
  isOn: ({ name }) => processOf(machineFolder(approach, name)) !== undefined,
  restarts: false,
});

const commanded = (off: string, on: string): Power => ({
  off: (host) => run(off, host),
  on: (host) => run(on, host),
  isOn: () => true,
  restarts: true,
});

function none(approach: string): Power {
  const refuse = async () => {
    throw failure({
      place: approach,
      what: 'these machines do not belong to the lab, so this command cannot switch them off',
      todo: "pass --power-off COMMAND and --power-on COMMAND; $HOST is the machine's name",
    });
  };
  return { off: refuse, on: refuse, isOn: () => true, restarts: false };
}

async function run(command: string, { name, address }: Host): Promise<void> {
  const env = { HOST: name, ADDRESS: address };
  const timeout = DEADLINE_SECONDS * 1000;
  const options = { shell: '/bin/sh', env, all: true, stdin: 'ignore', reject: false, timeout } as const;
  const { exitCode, all } = await execa(command, options);
  if (exitCode === 0) return;
  throw failure({
    place: name,
    what: `"${command}" failed`,
    why: exitCode === undefined ? `it did not finish within ${DEADLINE_SECONDS} s` : `exit code ${exitCode}`,
    said: all,
  });
}
