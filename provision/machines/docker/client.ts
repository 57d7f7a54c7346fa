import { execa } from 'execa';
import { failure, type ProvisionError } from '../../errors.ts';

/** The result of a command of the Docker client. */
export interface Result {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Its standard input. */
  readonly input?: string | Uint8Array;
  /** Its time limit. */
  readonly seconds?: number;
}

/**
 * Runs the Docker client and returns its result, even if it fails. The client finds its daemon as on the command line,
 * by DOCKER_HOST or the current context.
 */
export async function tryDocker(
  words: readonly string[],
  { input, seconds = 300 }: CommandOptions = {},
): Promise<Result> {
  const { exitCode, stdout, stderr, shortMessage, code, timedOut } = await execa('docker', words, {
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    reject: false,
    timeout: seconds * 1000,
    env: { DOCKER_CLI_HINTS: 'false' },
  });
  const error = timedOut ? `no answer in ${seconds} s` : stderr || (exitCode === 0 ? '' : `${shortMessage}`);
  return { ok: exitCode === 0, stdout: stdout ?? '', stderr: code === 'ENOENT' ? NO_CLIENT : error };
}

/** The output of a Docker command. @throws ProvisionError (failed), if possible with the command that fixes it */
export async function docker(words: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { ok, stdout, stderr } = await tryDocker(words, options);
  if (ok) return stdout;
  throw explained(stderr) ?? failure({ place: 'docker', what: `"docker ${words[0]}" failed`, said: stderr });
}

const NO_CLIENT = 'the docker client is not installed';

export interface Daemon {
  readonly answers: boolean;
  /** Why not, and the command that fixes it. */
  readonly error?: ProvisionError;
}

/** Whether the daemon answers. */
export async function daemonAnswers(seconds = 5): Promise<Daemon> {
  const { ok, stderr } = await tryDocker(['version', '--format', '{{.Server.Version}}'], { seconds });
  if (ok) return { answers: true };
  const error =
    explained(stderr) ?? failure({ place: 'docker', what: 'Docker does not answer', said: stderr });
  return { answers: false, error };
}

/** The error for a client that cannot use its daemon, with the fix; undefined for any other failure. */
export function explained(stderr: string): ProvisionError | undefined {
  const qemu = 'or use virtual machines: --provider qemu';
  const known: [pattern: RegExp, what: string, todo: string][] = [
    [
      new RegExp(NO_CLIENT),
      NO_CLIENT,
      `install it (Debian, Ubuntu: sudo apt-get install docker.io), ${qemu}`,
    ],
    [
      /permission denied/i,
      'you do not have permission to use the Docker daemon',
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

/** How to start a daemon on this computer. */
function starting(): string {
  const { DOCKER_HOST } = process.env;
  if (DOCKER_HOST) return `check that a daemon listens at DOCKER_HOST=${DOCKER_HOST}`;
  return process.platform === 'linux'
    ? 'start it: sudo systemctl start docker'
    : 'start Docker Desktop, or: colima start';
}

/**
 * Refuses a daemon on another computer: it would publish the machines' ports there, and not on this computer.
 *
 * @throws ProvisionError (failed)
 */
export async function requireLocal(): Promise<void> {
  const endpoint = (
    await tryDocker(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'])
  ).stdout.trim();
  if (!isRemote(endpoint)) return;
  throw failure({
    place: 'docker',
    what: 'the Docker daemon is on another computer',
    why: endpoint,
    todo: 'run this command there, or list its machines in an inventory: --inventory hosts.yml',
  });
}

/** Whether an endpoint is on another computer: `ssh://…`, or `tcp://…` with an address other than loopback. */
export const isRemote = (endpoint: string) =>
  /^ssh:/.test(endpoint) || /^tcp:\/\/(?!localhost\b|127\.|\[::1\])/.test(endpoint);
