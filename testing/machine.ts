import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { type Host, loadMachines } from '../provision/index.ts';
import { destroy, qemu } from '../provision/machines/qemu.ts';
import type { Event } from '../provision/report/events.ts';

export const ROOT = resolve(import.meta.dirname, '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');

/** Tests have their own lab, which uses the same images as the user's. */
process.env.THEAPP_LAB ??= join(ROOT, '.lab', 'test');
process.env.THEAPP_LAB_IMAGES ??= join(ROOT, '.lab', 'images');

/** A fresh machine, and an inventory that lists it. */
export interface TestMachine {
  readonly host: Host;
  readonly lab: string;
  readonly inventory: string;
  /** Runs a script as root and returns its output. Throws if it fails. */
  ssh(script: string): Promise<string>;
  destroy(): Promise<void>;
}

/** Brings up the virtual machines of an approach, as `npm run provision` does. */
export const labHosts = (approach: string): Promise<Host[]> =>
  qemu.hosts({
    approach,
    machines: loadMachines(join(ROOT, 'approaches', approach)),
    image: 'auto',
    yes: true,
    progress: quietly(),
  });

/** The virtual machine that `npm run provision -- approach_0` has created. */
export async function labMachine(): Promise<TestMachine> {
  const lab = 'approach_0';
  const [host] = await labHosts(lab);
  if (!host) throw new Error('the lab created no machine');
  return {
    host,
    lab,
    inventory: inventoryOf(lab, host),
    ssh: (script) => ssh(host, script),
    destroy: () => destroy(lab),
  };
}

/** An inventory of one host, as a person would write it. */
export const inventoryOf = (name: string, host: Host, more: Readonly<Record<string, unknown>> = {}): string =>
  inventoryOfAll(name, [host], more);

/** An inventory of hosts; `more` is added to each entry. */
export function inventoryOfAll(
  name: string,
  hosts: readonly Host[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const folder = join(ROOT, '.lab', 'inventories');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.yml`);
  const entries = hosts.map((host) => [host.name, { ...entryOf(host), ...more }] as const);
  writeFileSync(file, stringify({ hosts: Object.fromEntries(entries) }));
  return file;
}

function entryOf(host: Host): Record<string, unknown> {
  const forward = Object.fromEntries(
    Object.entries(host.forwarded).map(([port, to]) => [to.port, Number(port)]),
  );
  return {
    address: host.address,
    port: host.port,
    user: host.user,
    keys: host.keyFiles,
    host_key: host.hostKeys,
    groups: host.groups,
    ...(host.privateAddress ? { private_address: host.privateAddress } : {}),
    forward,
  };
}

export async function ssh(host: Host, script: string): Promise<string> {
  const { address, port = 22 } = host;
  const known = join(ROOT, '.lab', 'inventories', `${address}-${port}.known_hosts`);
  const name = port === 22 ? address : `[${address}]:${port}`;
  mkdirSync(dirname(known), { recursive: true });
  writeFileSync(known, (host.hostKeys ?? []).map((key) => `${name} ${key}\n`).join(''));
  const options = ['-o', `UserKnownHostsFile=${known}`, '-o', 'IdentitiesOnly=yes', '-o', 'LogLevel=ERROR'];
  const keys = (host.keyFiles ?? []).flatMap((file) => ['-i', file]);
  const to = ['-p', String(port), `${host.user}@${address}`, 'sudo sh -e'];
  const { stdout } = await execa('ssh', [...options, ...keys, ...to], { input: script });
  return stdout;
}

/** Starts `npm run provision -- … --json` and passes each event on as soon as it is printed. */
export function provision(args: readonly string[], onEvent: (event: Event) => void = () => undefined) {
  const child = execa(NODE, ['provision/cli.mjs', ...args, '--json'], {
    cwd: ROOT,
    reject: false,
    stdin: 'ignore',
  });
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onEvent(JSON.parse(line) as Event);
  });
  return child;
}

export interface Ran {
  readonly exitCode: number;
  readonly events: readonly Event[];
  readonly recap: Extract<Event, { event: 'recap' }>;
  /** The resources that were changed, or would be: `role: resource`. */
  readonly changed: readonly string[];
  readonly errors: readonly string[];
}

/** Runs `npm run provision -- …` and returns its result. */
export async function provisioned(...args: string[]): Promise<Ran> {
  const events: Event[] = [];
  const { exitCode } = await provision(args, (event) => events.push(event));
  const recap = events.at(-1);
  if (recap?.event !== 'recap') throw new Error(`the last line is not the recap: ${JSON.stringify(recap)}`);
  const changed = events.flatMap((event) =>
    event.event === 'resource' && event.status !== 'ok' ? [`${event.role}: ${event.resource}`] : [],
  );
  const errors = events.flatMap((event) =>
    event.event === 'error' ? [[event.message, event.said, event.todo].filter(Boolean).join(' | ')] : [],
  );
  return { exitCode: exitCode ?? -1, events, recap, changed, errors };
}

/** Prints a line at most every ten seconds, to show what a test is waiting for. */
export function quietly(): (topic: string, line: string) => void {
  let last = 0;
  return (topic, line) => {
    if (performance.now() - last < 10_000) return;
    last = performance.now();
    process.stderr.write(`# ${topic}: ${line}\n`);
  };
}
