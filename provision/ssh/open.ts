import { readFileSync } from 'node:fs';
import type { ClientChannel } from 'ssh2';
import { inputError, ProvisionError, unreachable } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Request, Session } from '../shell/exchange.ts';
import { reveal, type Secret } from '../shell/secret.ts';
import { openShell } from '../shell/shell.ts';
import { channels } from './channel.ts';
import { home, resolve } from './config.ts';
import { type Link, lost } from './connect.ts';
import { type Route, reach } from './jump.ts';
import { retrying } from './retry.ts';
import { startRoot, sudoRefusal, type Way } from './root.ts';
import type { Target } from './target.ts';
import { checkUpload, RECEIVE, send } from './upload.ts';

export interface SessionOptions {
  /** The password for sudo; without it, the file named by the host is read. */
  readonly sudo: { readonly password?: Secret };
  /** Time limit for connecting, for all attempts together, in seconds. */
  readonly connectSeconds: number;
  /** Receives progress lines. */
  progress(line: string): void;
  /** Stops connecting. An open session is ended only by `abort` and `close`. */
  readonly signal: AbortSignal;
  /** Whether to retry while nothing answers, because the machine may still be booting. */
  readonly retry: boolean;
  /** Receives debug output of ssh2, a line for every packet. */
  readonly verbose?: (line: string) => void;
  /** An ssh_config to use instead of the user's own. */
  readonly config?: string;
}

/** Time limit for a shell to exit after the end of its input, in milliseconds. */
const EXIT_TIMEOUT = 2000;
/** Time limit for the remaining output of an exited shell to arrive, in milliseconds. */
const OUTPUT_TIMEOUT = 500;

/**
 * Opens a root shell on a host. It returns before the shell has started, so a refusal of sudo without a password is
 * reported by the first exchange.
 *
 * @throws ProvisionError (unreachable) if the connection fails, (input) if a setting or file is invalid
 */
export async function openSession(host: Host, options: SessionOptions): Promise<Session> {
  const target = await resolve(host, options.config);
  const way = wayToRoot(host, target, options);
  const { signal, verbose, config } = options;
  const route = await retrying(target, options, (milliseconds) =>
    reach(target, { milliseconds, signal, verbose }, config),
  );
  try {
    return await begin(route, way);
  } catch (error) {
    cut(route);
    throw error;
  }
}

async function begin(route: Route, way: Way): Promise<Session> {
  const { link } = route;
  const on = channels(link);
  const channel = await startRoot(link, on, way);
  const shell = openShell({ stdin: channel, stdout: channel, stderr: channel.stderr }, link.target.place);
  const end = watch(channel);
  return {
    get roundTrips() {
      return shell.roundTrips;
    },
    async exchange(request: Request) {
      try {
        const reply = await shell.exchange(request);
        end.answered();
        return reply;
      } catch (error) {
        await Promise.race([end.closed, pause(OUTPUT_TIMEOUT)]);
        const explained = end.explain(link, way, error);
        // Nothing waits for later output any more.
        cut(route);
        throw explained;
      }
    },
    async upload(upload, progress) {
      checkUpload(upload);
      await send(link, await startRoot(link, on, way, RECEIVE), upload, progress);
    },
    abort: () => cut(route),
    async close() {
      channel.end();
      if (link.ended() === undefined) await Promise.race([end.closed, pause(EXIT_TIMEOUT)]);
      await link.close();
      for (const jump of [...route.through].reverse()) await jump.close();
    },
  };
}

/** Records how a shell exits, and its output before the first reply: an error of sudo, or a login message. */
function watch(channel: ClientChannel) {
  let output = '';
  let fresh = true;
  let how: string | undefined;
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4000);
  };
  channel.on('data', collect);
  channel.stderr.on('data', collect);
  const closed = new Promise<void>((resolve) => {
    // Not the event 'exit': if the shell exits immediately, it is emitted before a listener is attached.
    channel.once('close', (code?: number | null, signal?: string) => {
      how = wayOf(code, signal);
      resolve();
    });
  });
  return {
    closed,
    answered() {
      if (!fresh) return;
      fresh = false;
      channel.off('data', collect);
      channel.stderr.off('data', collect);
    },
    /** The error for an exchange without a reply, with everything that is known about the cause. */
    explain(link: Link, way: Way, error: unknown): unknown {
      if (!(error instanceof ProvisionError)) return error;
      const said = fresh ? output.trim() : (error.parts.said ?? '').trim();
      const refusal = fresh && way.kind !== 'login' ? sudoRefusal(link.target, said) : undefined;
      if (refusal) return refusal;
      if (link.ended() !== undefined) return lost(link, 'the connection was lost', said);
      if (how === undefined) return error;
      const what = fresh ? 'no shell could be started' : 'the shell on the host exited';
      return unreachable({ ...error.parts, what, why: how, said }, error);
    },
  };
}

function wayOf(code?: number | null, signal?: string): string {
  if (code === undefined) return 'the shell returned no exit code';
  return code === null ? `the shell was killed by ${signal}` : `the shell exited with code ${code}`;
}

function wayToRoot(host: Host, { user }: Target, { sudo }: SessionOptions): Way {
  if (user === 'root') return { kind: 'login' };
  if (sudo.password) return { kind: 'sudo with a password', password: reveal(sudo.password) };
  if (!host.sudoPasswordFile) return { kind: 'sudo' };
  const file = home(host.sudoPasswordFile);
  try {
    return { kind: 'sudo with a password', password: readFileSync(file, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    throw inputError(
      {
        place: host.name,
        what: `the password file for sudo, ${file}, cannot be read`,
        todo: 'correct sudo_password_file in the inventory',
      },
      error,
    );
  }
}

function cut({ link, through }: Route): void {
  link.cut();
  for (const jump of through) jump.cut();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
