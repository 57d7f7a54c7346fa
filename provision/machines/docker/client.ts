import { execa } from 'execa';
import { failure, type ProvisionError } from '../../errors.ts';

/** How a command of the Docker client ended. */
export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Asking {
  /** Sent on its standard input. */
  readonly input?: string | Uint8Array;
  /** How long it may take. */
  readonly seconds?: number;
}

/** The client finds its daemon by DOCKER_HOST or its context, as on a person's own command line. */
export async function ask(words: readonly string[], { input, seconds = 300 }: Asking = {}): Promise<Answer> {
  const { exitCode, stdout, stderr, shortMessage, code, timedOut } = await execa('docker', words, {
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    reject: false,
    timeout: seconds * 1000,
    env: { DOCKER_CLI_HINTS: 'false' },
  });
  const said = timedOut ? `no answer in ${seconds} s` : stderr || (exitCode === 0 ? '' : `${shortMessage}`);
  return { ok: exitCode === 0, stdout: stdout ?? '', stderr: code === 'ENOENT' ? NO_CLIENT : said };
}

/** What a command answers. @throws ProvisionError (failed) with the command that helps */
export async function docker(words: readonly string[], asking: Asking = {}): Promise<string> {
  const { ok, stdout, stderr } = await ask(words, asking);
  if (ok) return stdout;
  throw explained(stderr) ?? failure({ place: 'docker', what: `"docker ${words[0]}" failed`, said: stderr });
}

const NO_CLIENT = 'the docker client is not installed';

export interface Daemon {
  readonly answers: boolean;
  /** Why not, and the command that helps. */
  readonly error?: ProvisionError;
}

/** Whether a daemon answers. */
export async function daemonAnswers(seconds = 5): Promise<Daemon> {
  const { ok, stderr } = await ask(['version', '--format', '{{.Server.Version}}'], { seconds });
  if (ok) return { answers: true };
  const error =
    explained(stderr) ?? failure({ place: 'docker', what: 'Docker does not answer', said: stderr });
  return { answers: false, error };
}

/** What a person does about a client that reaches no daemon; undefined for every other complaint. */
export function explained(stderr: string): ProvisionError | undefined {
  const qemu = 'or take virtual machines: --provider qemu';
  const known: [pattern: RegExp, what: string, todo: string][] = [
    [
      new RegExp(NO_CLIENT),
      NO_CLIENT,
      `install it (Debian, Ubuntu: sudo apt-get install docker.io), ${qemu}`,
    ],
    [
      /permission denied/i,
      'you may not use the Docker daemon',
      `sudo usermod -aG docker $USER, then log in again; ${qemu}`,
    ],
    [
      /cannot connect to the docker daemon|is the docker daemon running|error during connect|no answer in|connection refused|no such host/i,
      'the Docker daemon does not answer',
      `${starting()}, ${qemu}`,
    ],
  ];
  const found = known.find(([pattern]) => pattern.test(stderr));
  if (!found) return undefined;
  const [, what, todo] = found;
  return failure({ place: 'docker', what, ...(stderr === NO_CLIENT ? {} : { said: stderr }), todo });
}

/** How a daemon is started on this computer. */
function starting(): string {
  const { DOCKER_HOST } = process.env;
  if (DOCKER_HOST) return `see that one listens at DOCKER_HOST=${DOCKER_HOST}`;
  return process.platform === 'linux'
    ? 'start it: sudo systemctl start docker'
    : 'start Docker Desktop, or: colima start';
}

/**
 * Machines are reached at ports of this computer's loopback, which a daemon elsewhere does not publish.
 *
 * @throws ProvisionError (failed)
 */
export async function requireLocal(): Promise<void> {
  const endpoint = (
    await ask(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'])
  ).stdout.trim();
  if (!isElsewhere(endpoint)) return;
  throw failure({
    place: 'docker',
    what: 'the Docker daemon is on another computer',
    why: endpoint,
    todo: 'run this there, or use its machines by an inventory: --inventory hosts.yml',
  });
}

/** `ssh://…`, and `tcp://…` to another address than loopback. */
export const isElsewhere = (endpoint: string) =>
  /^ssh:/.test(endpoint) || /^tcp:\/\/(?!localhost\b|127\.|\[::1\])/.test(endpoint);
