import { join } from 'node:path';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import { contained } from './contained.ts';
import { computer, type Program } from './programs.ts';
import { forSuite, oneLines, readSources } from './sources.ts';
import { outOfSpace } from './space.ts';

/** The keyring that verifies Debian packages, also on Ubuntu when it builds a Debian image. */
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The programs needed to build a tree on this computer. */
export const treePrograms = (root: boolean): Program[] => [
  { name: 'mmdebstrap', package: 'mmdebstrap' },
  { name: debianKeyring, package: 'debian-archive-keyring' },
  { name: 'tar', package: 'tar' },
  ...(root
    ? []
    : [
        { name: 'newuidmap', package: 'uidmap' },
        { name: 'unshare', package: 'util-linux' },
      ]),
];

export interface Tree {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Options of mmdebstrap(1): variant, hooks, exclusions. */
  readonly options: readonly string[];
  /** The working folder, which contains an empty `tmp`. */
  readonly draft: string;
  /** The resulting archive. */
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Builds a Debian file system as a tar archive, from the package sources of this computer.
 *
 * @throws ProvisionError (failed) with the builder's output
 */
export async function debianTree(tree: Tree, update: (words: string) => void): Promise<void> {
  const { suite, packages, options, draft, file } = tree;
  const here = computer();
  const own = here.id === 'debian' ? forSuite(readSources(), here.codename, suite) : [];
  const { builder } = await contained();
  const command = [
    ...builder,
    'mmdebstrap',
    `--mode=${here.root ? 'root' : 'unshare'}`,
    '--format=tar',
    `--keyring=${debianKeyring}`,
    `--include=${packages.join(',')}`,
    ...options,
    suite,
    '-',
    ...own.flatMap(oneLines),
  ];
  // From another user namespace the lab's private folder is not accessible.
  const env = { ...tree.env, ...(here.root ? { TMPDIR: join(draft, 'tmp') } : {}) };
  const line = (text: string) => {
    const doing = steps.exec(text);
    if (doing) update(`building: ${doing[1]}`);
  };
  await run(command, { doing: 'mmdebstrap', cwd: draft, env, stdout: file, line });
}

/** Matches the lines of mmdebstrap's output that report steps which take time. */
const steps = /^I: (?:running )?((?:apt-get|downloading|extracting|installing|creating).*?)\.*$/;

export interface Step {
  /** What it does, for errors. */
  readonly doing: string;
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** The file for its output. */
  readonly stdout?: string;
  /** Receives each line of stderr. */
  line?(line: string): void;
}

/** Runs a program that builds an image. @throws ProvisionError (failed) with its output */
export async function run([program = '', ...args]: readonly string[], step: Step): Promise<void> {
  const { doing, cwd, env = {}, input = '', stdout, line } = step;
  const child = execa(program, args, {
    cwd,
    env,
    input,
    reject: false,
    lines: true,
    ...(stdout ? { stdout: { file: stdout }, buffer: { stdout: false } } : {}),
  });
  if (line) for await (const text of child.iterable({ from: 'stderr' })) line(text);
  const { exitCode, stderr, shortMessage } = await child;
  if (exitCode === 0) return;
  const output = (stderr ?? []).filter((text) => !/^[ID]: /.test(text)).join('\n');
  throw (
    outOfSpace(output, cwd) ??
    failure({
      place: 'image',
      what: `${doing} failed`,
      why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
      said: output,
      todo: 'check that this computer can reach its package sources (apt-get update), then try again',
    })
  );
}
