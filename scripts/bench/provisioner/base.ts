import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { computer } from '../../../provision/computer/programs.ts';
import { ticking } from '../../../provision/computer/ticking.ts';
import { failure } from '../../../provision/index.ts';

/** The root file system that all hosts share, and the key for their SSH. */
export interface Base {
  readonly root: string;
  /** The private key that root accepts. */
  readonly key: string;
  /** The public host key, shared by all hosts. */
  readonly hostKey: string;
}

const packages = [
  'openssh-server',
  'sudo',
  'python3',
  'python3-apt',
  'iproute2',
  'cron',
  'nginx-light',
  'curl',
];

/**
 * The Debian root file system of the hosts, built once in `folder`, completely or not at all.
 *
 * @throws ProvisionError (failed) with the builder's output
 */
export async function ensureBase(
  folder: string,
  signal: AbortSignal,
  progress: (line: string) => void,
): Promise<Base> {
  if (!existsSync(folder))
    await ticking(progress, 'building the root file system of the hosts', () => build(folder, signal));
  const root = join(folder, 'root');
  const [type, key] = readFileSync(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8').split(' ');
  return { root, key: join(folder, 'key'), hostKey: `${type} ${key}` };
}

async function build(folder: string, signal: AbortSignal): Promise<void> {
  const draft = `${folder}.draft`;
  const root = join(draft, 'root');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o755 });
  try {
    const options = ['--quiet', '--variant=apt', '--mode=root', '--format=tar'];
    const tar = join(draft, 'root.tar');
    const suite = computer().codename;
    await run(['mmdebstrap', ...options, `--include=${packages.join(',')}`, suite, tar], signal);
    mkdirSync(root);
    await run(['tar', '-C', root, '--numeric-owner', '--exclude=./dev/*', '-xf', tar], signal);
    rmSync(tar);
    await run(
      ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', join(draft, 'key')],
      signal,
    );
    mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(join(root, 'root/.ssh/authorized_keys'), readFileSync(join(draft, 'key.pub')));
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

async function run([program = '', ...args]: readonly string[], cancelSignal: AbortSignal): Promise<void> {
  const { failed, isCanceled, stderr, shortMessage } = await execa(program, args, {
    reject: false,
    stdin: 'ignore',
    cancelSignal,
  });
  if (!failed) return;
  throw failure({
    place: 'bench',
    what: isCanceled ? 'interrupted' : `${program} failed while building the root file system of the hosts`,
    ...(isCanceled ? {} : { why: shortMessage, said: stderr }),
    todo: isCanceled
      ? 'run npm run bench again: it starts from the beginning'
      : 'check that apt-get update works',
  });
}
