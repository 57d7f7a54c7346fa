import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { type ProvisionError, unreachable } from '../errors.ts';
import { identities, refused } from './auth.ts';
import { ConnectError, diagnose } from './failures.ts';
import { verifier } from './hostkeys.ts';
import { endpoint, type Target } from './target.ts';

/** An established connection. */
export interface Link {
  readonly target: Target;
  readonly client: Client;
  /** Why it has ended; undefined while it is open. */
  ended(): string | undefined;
  /** Closes it immediately. */
  cut(): void;
  /** Closes it as the protocol specifies, and resolves when it is closed. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Time limit up to and including authentication. */
  readonly milliseconds: number;
  readonly signal: AbortSignal;
  /** A stream to the server, if the connection goes through a jump host. */
  readonly sock?: Duplex;
  /** Receives a line for every packet, to debug connections that fail. */
  readonly verbose?: ((line: string) => void) | undefined;
}

/** Time limit for closing a connection properly, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

/**
 * One attempt to connect to one server.
 *
 * @throws ConnectError with the reason and whether another attempt may succeed
 */
export async function connect(target: Target, options: ConnectOptions): Promise<Link> {
  const [{ NodeSSH }, keys] = await Promise.all([import('node-ssh'), identities(target)]);
  if (keys.methods.length === 0) {
    throw new ConnectError(diagnose(target, refused(target, keys, [])));
  }
  const hostKey = verifier(target);
  const methods = [...keys.methods];
  let verdict: ProvisionError | undefined;
  const ssh = new NodeSSH();
  const established = ssh.connect({
    host: target.address,
    port: target.port,
    username: target.user,
    ...(options.sock ? { sock: options.sock } : {}),
    readyTimeout: options.milliseconds,
    keepaliveInterval: target.keepalive.seconds * 1000,
    keepaliveCountMax: target.keepalive.maxMissed,
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
    ...(options.verbose ? { debug: options.verbose } : {}),
  });
  // Attached before the first packet: node-ssh removes its own listener after authentication.
  const client = ssh.connection;
  if (!client) return established.then(() => Promise.reject(new Error('node-ssh created no connection')));
  const link = linkOf(target, client);
  const abort = () => client.destroy();
  options.signal.addEventListener('abort', abort);
  try {
    await established;
    options.signal.throwIfAborted();
    hostKey.accepted();
  } catch (error) {
    client.destroy();
    throw new ConnectError(diagnose(target, verdict ?? error));
  } finally {
    options.signal.removeEventListener('abort', abort);
  }
  return link;
}

function linkOf(target: Target, client: Client): Link {
  let why: string | undefined;
  let closed = false;
  client.setNoDelay(true);
  client.on('error', (error) => {
    why ??= /keepalive/i.test(error.message)
      ? `the host has not answered for ${(target.keepalive.maxMissed + 1) * target.keepalive.seconds} s`
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
      why ??= 'the connection was closed by this computer';
      client.destroy();
    },
    async close() {
      if (closed) return;
      await new Promise<void>((resolve) => {
        const late = setTimeout(() => {
          client.destroy();
          resolve();
        }, CLOSE_TIMEOUT);
        client.once('close', () => {
          clearTimeout(late);
          resolve();
        });
        client.end();
      });
    },
  };
}

/** The error for an operation whose connection was lost. */
export function lost({ target, ended }: Link, what: string, said = ''): ProvisionError {
  const why = ended() ?? 'the host closed it';
  return unreachable({
    place: target.place,
    what,
    why,
    ...(said.trim() ? { said } : {}),
    todo: `check that ${endpoint(target)} is up, then run the same command again; it continues where it stopped`,
  });
}
