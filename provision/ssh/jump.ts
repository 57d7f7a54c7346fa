import type { Duplex } from 'node:stream';
import { inputError, unreachable } from '../errors.ts';
import { resolve } from './config.ts';
import { connect, type Link, type Means } from './connect.ts';
import { FORWARD_FAILED, trouble, Unconnected } from './failures.ts';
import { gated } from './gate.ts';
import { endpoint, type Target } from './target.ts';

/** How far jump hosts may need jump hosts of their own. */
const DEEPEST = 8;

/** A connection together with those it goes through, first to last. */
export interface Route {
  readonly link: Link;
  readonly through: readonly Link[];
}

/**
 * One try to reach a server, over its jump hosts when ssh_config gives it some. Each of them is verified and let
 * in by the same rules as any host; what ssh_config says of it holds.
 *
 * @throws Unconnected
 */
export async function reach(target: Target, means: Means, config?: string, depth = 0): Promise<Route> {
  if (depth > DEEPEST) {
    throw inputError({
      place: target.place,
      what: `more than ${DEEPEST} jump hosts in a row`,
      todo: 'see ProxyJump',
    });
  }
  const through: Link[] = [];
  try {
    for (const [i, jump] of target.jumps.entries()) {
      const hop = await resolve(jumpHost(target, jump), config);
      // As in ssh: only the first jump host is itself reached by its own ProxyJump.
      const first = i === 0 ? await reach(hop, means, config, depth + 1) : undefined;
      if (first) through.push(...first.through, first.link);
      else through.push(await step(hop, through.at(-1), means));
    }
    return { link: await step(target, through.at(-1), means), through };
  } catch (error) {
    for (const link of through) link.cut();
    throw error;
  }
}

async function step(target: Target, last: Link | undefined, means: Means): Promise<Link> {
  const sock = last ? await forward(last, target, means.milliseconds) : undefined;
  return gated(endpoint(target), () => connect(target, { ...means, ...(sock ? { sock } : {}) }));
}

/** `[user@]host[:port]`, or an `ssh://` URI of the same parts (ssh_config(5), ProxyJump). */
function jumpHost({ place }: Target, jump: string) {
  const found = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?\/?$/.exec(jump);
  const address = found?.[2]?.replace(/^\[|\]$/g, '');
  if (!address)
    throw inputError({ place, what: `ProxyJump "${jump}" cannot be read`, todo: '[user@]host[:port]' });
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

/** A stream from a jump host to the next server. */
function forward(link: Link, to: Target, milliseconds: number): Promise<Duplex> {
  return new Promise((done, fail) => {
    const failed = (error: Error) => {
      clearTimeout(late);
      // RFC 4254, 5.1: 1 is "administratively prohibited".
      const prohibited = Reflect.get(error, 'reason') === 1;
      fail(new Unconnected(trouble(to, prohibited ? forbidden(link, to) : forwardError(error.message))));
    };
    const late = setTimeout(() => failed(new Error('it did not answer in time')), milliseconds);
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
    todo: `see AllowTcpForwarding, PermitOpen and the key's options there (user "${target.user}")`,
  });
}
