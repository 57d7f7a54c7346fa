import type { Duplex } from 'node:stream';
import { inputError, unreachable } from '../errors.ts';
import { resolve } from './config.ts';
import { type ConnectOptions, connect, type Link } from './connect.ts';
import { ConnectError, diagnose, FORWARD_FAILED } from './failures.ts';
import { gated } from './gate.ts';
import { endpoint, type Target } from './target.ts';

/** The maximum nesting of jump hosts that need jump hosts. */
const MAX_DEPTH = 8;

/** A connection and the connections it goes through, first to last. */
export interface Route {
  readonly link: Link;
  readonly through: readonly Link[];
}

/**
 * One attempt to reach a server, through its jump hosts if ssh_config sets any. For a jump host, host keys,
 * authentication and ssh_config work as for any other host.
 *
 * @throws ConnectError
 */
export async function reach(
  target: Target,
  options: ConnectOptions,
  config?: string,
  depth = 0,
): Promise<Route> {
  if (depth > MAX_DEPTH) {
    throw inputError({
      place: target.place,
      what: `more than ${MAX_DEPTH} nested jump hosts`,
      todo: 'check for a loop in the ProxyJump settings of ssh_config',
    });
  }
  const through: Link[] = [];
  try {
    for (const [i, jump] of target.jumps.entries()) {
      const hop = await resolve(jumpHost(target, jump), config);
      // As in ssh, only the first jump host uses its own ProxyJump.
      const first = i === 0 ? await reach(hop, options, config, depth + 1) : undefined;
      if (first) through.push(...first.through, first.link);
      else through.push(await step(hop, through.at(-1), options));
    }
    return { link: await step(target, through.at(-1), options), through };
  } catch (error) {
    for (const link of through) link.cut();
    throw error;
  }
}

async function step(target: Target, last: Link | undefined, options: ConnectOptions): Promise<Link> {
  const sock = last ? await forward(last, target, options.milliseconds) : undefined;
  return gated(endpoint(target), () => connect(target, { ...options, ...(sock ? { sock } : {}) }));
}

/** `[user@]host[:port]`, or an `ssh://` URI of the same parts (ssh_config(5), ProxyJump). */
function jumpHost({ place }: Target, jump: string) {
  const found = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?\/?$/.exec(jump);
  const address = found?.[2]?.replace(/^\[|\]$/g, '');
  if (!address)
    throw inputError({ place, what: `invalid ProxyJump "${jump}"`, todo: 'write [user@]host[:port]' });
  return {
    name: `${place}, jump host ${address}`,
    address,
    ...(found?.[1] ? { user: found[1] } : {}),
    ...(found?.[3] ? { port: Number(found[3]) } : {}),
    groups: [],
    forwarded: {},
    vars: {},
  };
}

/** Opens a stream from a jump host to the next server. */
function forward(link: Link, to: Target, milliseconds: number): Promise<Duplex> {
  return new Promise((done, fail) => {
    const failed = (error: Error) => {
      clearTimeout(late);
      // RFC 4254, 5.1: reason 1 is "administratively prohibited".
      const prohibited = Reflect.get(error, 'reason') === 1;
      fail(new ConnectError(diagnose(to, prohibited ? forbidden(link, to) : forwardError(error.message))));
    };
    const late = setTimeout(() => failed(new Error('it timed out')), milliseconds);
    try {
      link.client.forwardOut('127.0.0.1', 0, to.address, to.port, (error, stream) => {
        if (error) return failed(error);
        clearTimeout(late);
        done(stream);
      });
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function forwardError(message: string) {
  return Object.assign(new Error(message.replace(/^\(SSH\) Channel open failure: /, '')), {
    code: FORWARD_FAILED,
  });
}

function forbidden({ target }: Link, to: Target) {
  return unreachable({
    place: to.place,
    what: `the jump host ${endpoint(target)} does not allow a connection to ${endpoint(to)}`,
    todo: `check AllowTcpForwarding and PermitOpen there, and the options of the key of user "${target.user}"`,
  });
}
