import { readdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import { withLock } from './lock.ts';
import { type Computer, computer, locate, missing, type Program } from './programs.ts';
import { backports, readSources, type Source, stanza } from './sources.ts';

export interface Ask {
  readonly yes: boolean;
  progress(line: string): void;
}

/** What to install, and how. The user is asked to confirm it. */
export interface Plan {
  /** Programs that are missing or too old, for messages. */
  readonly needs: readonly string[];
  readonly packages: readonly string[];
  /** A package source to add first, if the packages in the distribution's own suite are too old. */
  readonly source?: { readonly file: string; readonly content: string; readonly suite: string };
}

/**
 * Makes sure that programs are installed. Missing ones are installed with apt-get after confirmation.
 *
 * @throws ProvisionError (failed) with the command to run, if the user does not confirm or apt-get fails
 */
export async function ensurePrograms(programs: readonly Program[], ask: Ask): Promise<void> {
  const here = computer();
  const plan = planInstall(missing(programs), here, readSources());
  if (plan.packages.length === 0) return;
  refuseOthers(plan, here);
  const able = here.root || locate('sudo') !== undefined;
  const commands = commandsOf(plan, here.root || !able);
  const what = `the lab needs ${plan.needs.join(', ')}`;
  if (!able) {
    throw failure({
      place: 'this computer',
      what,
      why: 'only root can install packages',
      todo: `run as root: ${commands.join(' && ')}`,
    });
  }
  if (!ask.yes && !(await confirmed(plan, commands))) {
    throw failure({
      place: 'this computer',
      what,
      todo: `run: ${commands.join(' && ')}\n  → or add --yes to install without confirmation`,
    });
  }
  // Two installations at once fail at the lists of apt-get, which have a lock without a timeout.
  await withLock('apt', `installing ${plan.packages.join(', ')}`, ask.progress, () =>
    install(planInstall(missing(programs), here, readSources()), here, ask),
  );
}

/** Plans which packages to install, and from which source. */
export function planInstall(absent: readonly Program[], here: Computer, sources: readonly Source[]): Plan {
  const newer = absent.some((program) => program.backports) && here.id === 'debian';
  const from = newer && here.codename === 'bookworm' ? backports(sources, here.codename) : undefined;
  const plan = {
    needs: absent.map(({ name, outdated }) => outdated ?? name),
    packages: [...new Set(absent.map((program) => program.package))].sort(),
  };
  if (!from) return plan;
  const file = `/etc/apt/sources.list.d/${here.codename}-backports-theapp-lab.sources`;
  return { ...plan, source: { file, content: stanza(from), suite: `${here.codename}-backports` } };
}

/** The equivalent shell commands, one per line, for a user who prefers to run them. */
export function commandsOf({ packages, source }: Plan, root: boolean): string[] {
  const sudo = root ? '' : 'sudo ';
  const write = source && `printf '${source.content.replaceAll('\n', '\\n')}' | ${sudo}tee ${source.file}`;
  return [
    ...(write ? [write] : []),
    `${sudo}apt-get update`,
    `${sudo}apt-get install --no-install-recommends ${source ? `-t ${source.suite} ` : ''}${packages.join(' ')}`,
  ];
}

function refuseOthers({ needs }: Plan, here: Computer): void {
  if (here.platform !== 'linux') {
    throw failure({
      place: 'this computer',
      what: 'the QEMU lab runs only on Linux',
      why: `this is ${here.pretty}`,
      todo: 'use containers (--provider docker), Vagrant (vagrant up) or existing machines (--inventory hosts.yml)',
    });
  }
  if (here.id !== 'debian' && here.id !== 'ubuntu' && !here.like.some((id) => /^(debian|ubuntu)$/.test(id))) {
    throw failure({
      place: 'this computer',
      what: `the lab needs ${needs.join(', ')}`,
      why: `${here.pretty} has no apt-get`,
      todo: 'install them with your package manager (Fedora: dnf install qemu-system-x86-core qemu-img openssh-clients xorriso)',
    });
  }
}

async function confirmed({ packages }: Plan, commands: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const indented = commands.map((command) => `    ${command}\n`).join('');
  process.stderr.write(`The lab needs ${packages.join(', ')} on this computer:\n${indented}`);
  const answer = await terminal.question('Install now? [y/N] ');
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function install(plan: Plan, here: Computer, { progress }: Ask): Promise<void> {
  const { source, packages } = plan;
  if (packages.length === 0) return;
  if (source) await asRoot(here, ['tee', source.file], progress, 'adding a package source', source.content);
  if (source || stale()) await asRoot(here, ['apt-get', 'update'], progress, 'apt-get update');
  const target = source ? ['-t', source.suite] : [];
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  const command = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    ...options,
    ...target,
    ...packages,
  ];
  await asRoot(here, command, progress, `installing ${packages.join(', ')}`);
}

async function asRoot(
  here: Computer,
  command: readonly string[],
  progress: (line: string) => void,
  doing: string,
  input = '',
): Promise<void> {
  const [program = '', ...args] = here.root ? command : ['sudo', ...command];
  const start = Date.now();
  const report = () => progress(`${doing}: ${Math.round((Date.now() - start) / 1000)} s`);
  report();
  const timer = setInterval(report, 1000);
  // sudo may ask for a password on the terminal.
  const { exitCode, all } = await execa(program, args, { reject: false, input, all: true }).finally(() =>
    clearInterval(timer),
  );
  if (exitCode === 0) return;
  throw failure({
    place: 'this computer',
    what: `${doing} failed`,
    why: `exit code ${exitCode}`,
    said: all ?? '',
    todo: `run it yourself: ${[program, ...args].join(' ')}`,
  });
}

/** Whether the package lists are missing or older than a day. */
function stale(lists = '/var/lib/apt/lists'): boolean {
  try {
    const newest = readdirSync(lists)
      .filter((name) => name.endsWith('Release'))
      .map((name) => statSync(`${lists}/${name}`).mtimeMs);
    const updated = statSync(`${lists}/partial`).mtimeMs;
    return newest.length === 0 || Date.now() - Math.max(updated, ...newest) > 86_400_000;
  } catch {
    return true;
  }
}
