import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { type Host, inputError, loadMachines, urlOf } from '../../provision/index.ts';
import { loadInventory } from '../../provision/machines/inventory.ts';
import { staticProvider } from '../../provision/machines/static.ts';
import { folderOf } from '../cluster/hosts.ts';
import { type Checkout, withSshConfig } from './checkout.ts';
import { secretsIn } from './hidden.ts';
import { sshConfig } from './sshconfig.ts';

/** The machines that a recording is made on. */
export interface DemoMachines {
  readonly kind: 'lab' | 'hosts';
  readonly names: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The secrets in the inventory, which a recording must not show. */
  readonly secrets: readonly string[];
  /** `<where>`, `<url:NAME>` and `<ssh:NAME>` of a command, replaced by what a person types. */
  typed(command: string): string;
  /** Restores the power of a machine, or asks a person to do it. */
  switchOn(name: string): Promise<void>;
  close(): Promise<void>;
}

/** The name of the inventory in the commands. */
const file = 'hosts.yml';

/** Machines of the lab, of the given kind if there is one. The first command that needs them creates them. */
export function labMachines(
  approach: string,
  { folder, env }: Checkout,
  provider?: 'qemu' | 'docker',
): DemoMachines {
  const where = provider === undefined ? '' : `--provider ${provider}`;
  const machines = loadMachines(folderOf(approach));
  const words = (name: string) => {
    const forwarded = Object.entries(machines[name]?.forward ?? {});
    const [port] = forwarded.find(([, guest]) => guest === 80) ?? forwarded[0] ?? [];
    return { ssh: `npm run lab -- ssh -m ${name} ${approach}`, url: `http://127.0.0.1:${port}` };
  };
  const names = Object.keys(machines);
  return {
    kind: 'lab',
    names,
    env,
    secrets: [],
    typed: (command) => typed(command, where, names, words),
    // the next run starts the machine
    switchOn: async () => undefined,
    async close() {
      await execa(process.execPath, ['scripts/lab/lab.ts', 'down', approach], { cwd: folder, env });
    },
  };
}

/** Existing machines. `switchOn` restores the power of one. */
export async function listedMachines(
  approach: string,
  checkout: Checkout,
  inventory: string,
  means: Pick<DemoMachines, 'switchOn' | 'close'>,
): Promise<DemoMachines> {
  const hosts = loadInventory(inventory);
  const path = join(checkout.folder, file);
  writeFileSync(path, stringify({ hosts }), { mode: 0o600 });
  const machines = loadMachines(folderOf(approach));
  const options = { approach, machines, yes: true, image: 'auto', progress: () => undefined };
  const all = await staticProvider(path).hosts(options);
  const names = all.map(({ name }) => name);
  const words = (name: string) => ({ ssh: `ssh ${name}`, url: urlIn(all, name) });
  return {
    ...means,
    kind: 'hosts',
    names,
    env: withSshConfig(checkout, sshConfig(all, checkout.folder)),
    secrets: [...secretsIn(hosts), ...passwordsOf(all)],
    typed: (command) => typed(command, `--inventory ${file}`, names, words),
  };
}

/** The passwords for sudo. */
const passwordsOf = (hosts: readonly Host[]) =>
  hosts.flatMap(({ sudoPasswordFile: file }) =>
    file === undefined ? [] : [readFileSync(file, 'utf8').trim()],
  );

const urlIn = (hosts: readonly Host[], name: string) => {
  const host = hosts.find((one) => one.name === name);
  return host ? new URL(urlOf(host, 80)).origin : '';
};

function typed(
  command: string,
  where: string,
  names: readonly string[],
  words: (name: string) => { ssh: string; url: string },
): string {
  return command
    .replaceAll(/ ?<where>/g, where && ` ${where}`)
    .replaceAll(/<(ssh|url):([\w-]+)>/g, (_, word: 'ssh' | 'url', name: string) => {
      if (names.includes(name)) return words(name)[word];
      throw inputError({
        place: command,
        what: `there is no machine "${name}"`,
        todo: `choose one of: ${names.join(', ')}`,
      });
    });
}
