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
  /** The password that sudo asks for; without one, the file that the host names is read. */
  readonly sudo: { readonly password?: Secret };
  /** Seconds in which the connection must stand, all tries together. */
  readonly connectSeconds: number;
  /** One line about what is being waited for. */
  progress(line: string): void;
  /** Gives up connecting. A session that stands ends by `abort` and `close` only. */
  readonly signal: AbortSignal;
  /** Whether to try again while nothing answers: the machine may still be booting. */
  readonly retry: boolean;
  /** Hears what ssh2 does, packet by packet. */
  readonly verbose?: (line: string) => void;
  /** An ssh_config to use instead of the user's own. */
  readonly config?: string;
}

/** How long a shell may take to go once its input has ended, in milliseconds. */
const FAREWELL = 2000;
/** How long the last words of a shell that has ended may take to arrive, in milliseconds. */
const LAST_WORDS = 500;

/**
 * Root's shell on a host. What the first exchange needs is under way when this returns, so whether sudo lets us
 * become root without a password is first heard from that exchange.
 *
 * @throws ProvisionError (unreachable) when there is no connection, (input) when a setting or file is wrong.
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
        await Promise.race([end.closed, pause(LAST_WORDS)]);
        const told = end.explain(link, way, error);
        // Whatever comes from here on answers nothing that anybody asks.
        cut(route);
        throw told;
      }
    },
    async upload(upload, progress) {
      checkUpload(upload);
      await send(link, await startRoot(link, on, way, RECEIVE), upload, progress);
    },
    abort: () => cut(route),
    async close() {
      channel.end();
      if (link.ended() === undefined) await Promise.race([end.closed, pause(FAREWELL)]);
      await link.close();
      for (const jump of [...route.through].reverse()) await jump.close();
    },
  };
}

/** Remembers how a shell ends, and what was said before its first answer: a refusal, or a login message. */
function watch(channel: ClientChannel) {
  let words = '';
  let fresh = true;
  let how: string | undefined;
  const hear = (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-4000);
  };
  channel.on('data', hear);
  channel.stderr.on('data', hear);
  const closed = new Promise<void>((resolve) => {
    // Not the event 'exit': of a shell that ends at once it has come before anybody listens.
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
      channel.off('data', hear);
      channel.stderr.off('data', hear);
    },
    /** The error of an exchange without an answer, with everything that is known about its reason. */
    explain(link: Link, way: Way, error: unknown): unknown {
      if (!(error instanceof ProvisionError)) return error;
      const said = fresh ? words.trim() : (error.parts.said ?? '').trim();
      const refusal = fresh && way.kind !== 'login' ? sudoRefusal(link.target, said) : undefined;
      if (refusal) return refusal;
      if (link.ended() !== undefined) return lost(link, 'the connection was lost', said);
      if (how === undefined) return error;
      const what = fresh ? 'no shell could be started' : 'the shell on the host has ended';
      return unreachable({ ...error.parts, what, why: how, said }, error);
    },
  };
}

function wayOf(code?: number | null, signal?: string): string {
  if (code === undefined) return 'it gave no exit code';
  return code === null ? `the shell was ended by ${signal}` : `the shell ended with code ${code}`;
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
      { place: host.name, what: `the file of sudo's password, ${file}, cannot be read` },
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
