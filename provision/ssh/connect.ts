import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { type ProvisionError, unreachable } from '../errors.ts';
import { identities, refused } from './auth.ts';
import { trouble, Unconnected } from './failures.ts';
import { verifier } from './hostkeys.ts';
import { endpoint, type Target } from './target.ts';

/** A connection that stands. */
export interface Link {
  readonly target: Target;
  readonly client: Client;
  /** Why it has ended, in words; undefined while it stands. */
  ended(): string | undefined;
  /** Ends it at once. */
  cut(): void;
  /** Ends it as the protocol asks, and returns when it has ended. */
  close(): Promise<void>;
}

export interface Means {
  /** How long it may take until the user is let in. */
  readonly milliseconds: number;
  readonly signal: AbortSignal;
  /** A stream to the server, when the way leads through another one. */
  readonly sock?: Duplex;
  /** Hears every packet's name: for finding out why a server and this program do not get on. */
  readonly verbose?: ((line: string) => void) | undefined;
}

/** How long the polite end of a connection may take, in milliseconds. */
const GOODBYE = 1000;

/**
 * One try to connect to one server.
 *
 * @throws Unconnected, which says why and whether time may heal it.
 */
export async function connect(target: Target, means: Means): Promise<Link> {
  const [{ NodeSSH }, keys] = await Promise.all([import('node-ssh'), identities(target)]);
  if (keys.methods.length === 0) {
    throw new Unconnected(trouble(target, refused(target, keys, [])));
  }
  const hostKey = verifier(target);
  const methods = [...keys.methods];
  let verdict: ProvisionError | undefined;
  const ssh = new NodeSSH();
  const standing = ssh.connect({
    host: target.address,
    port: target.port,
    username: target.user,
    ...(means.sock ? { sock: means.sock } : {}),
    readyTimeout: means.milliseconds,
    keepaliveInterval: target.keepalive.seconds * 1000,
    keepaliveCountMax: target.keepalive.most,
    algorithms: { serverHostKey: hostKey.algorithms },
    hostVerifier: (key: Buffer) => {
      verdict = hostKey.refuse(key);
      return verdict === undefined;
    },
    authHandler: (left, _partial, next) => {
      const method = methods.shift();
      if (method) return next(method);
      verdict = refused(target, keys, left ?? []);
      ssh.connection?.destroy();
    },
    ...(means.verbose ? { debug: means.verbose } : {}),
  });
  // There before the first packet: node-ssh takes its own listener away when the user has been let in.
  const client = ssh.connection;
  if (!client) return standing.then(() => Promise.reject(new Error('node-ssh has begun no connection')));
  const link = linkOf(target, client);
  const abort = () => client.destroy();
  means.signal.addEventListener('abort', abort);
  try {
    await standing;
    means.signal.throwIfAborted();
    hostKey.accepted();
  } catch (error) {
    client.destroy();
    throw new Unconnected(trouble(target, verdict ?? error));
  } finally {
    means.signal.removeEventListener('abort', abort);
  }
  return link;
}

function linkOf(target: Target, client: Client): Link {
  let why: string | undefined;
  let closed = false;
  client.setNoDelay(true);
  client.on('error', (error) => {
    why ??= /keepalive/i.test(error.message)
      ? `the host has not answered for ${(target.keepalive.most + 1) * target.keepalive.seconds} s`
      : error.message;
  });
  client.on('close', () => {
    why ??= 'the connection was closed';
    closed = true;
  });
  return {
    target,
    client,
    ended: () => why,
    cut: () => {
      why ??= 'the connection was cut on this side';
      client.destroy();
    },
    async close() {
      if (closed) return;
      await new Promise<void>((resolve) => {
        const late = setTimeout(() => {
          client.destroy();
          resolve();
        }, GOODBYE);
        client.once('close', () => {
          clearTimeout(late);
          resolve();
        });
        client.end();
      });
    },
  };
}

/** The error for whoever was using a connection when it ended. */
export function lost({ target, ended }: Link, what: string, said = ''): ProvisionError {
  const why = ended() ?? 'the host ended it';
  return unreachable({
    place: target.place,
    what,
    why,
    ...(said.trim() ? { said } : {}),
    todo: `see whether ${endpoint(target)} is up, then run the same again: it goes on where it was`,
  });
}
