import { setTimeout as wait } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { unreachable } from '../errors.ts';
import { type Link, lost } from './connect.ts';
import { endpoint } from './target.ts';

/** Channels on one connection; sshd refuses more than 10 by default (sshd_config, MaxSessions). */
const MOST = 8;
/** Time limit for a server to open a channel and start a command, in milliseconds. */
const DEADLINE = 20_000;
/** Milliseconds between attempts when a channel is refused. */
const REFUSED_PAUSES = [10, 30, 100, 300, 1000];

/** Starts commands on one connection, each in its own channel; at most eight run at a time. */
export interface Channels {
  /** @throws ProvisionError (unreachable) if the server refuses, the connection is lost, or the time limit expires. */
  start(command: string): Promise<ClientChannel>;
}

export function channels(link: Link, deadline = DEADLINE): Channels {
  let open = 0;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else open--;
  };
  return {
    async start(command) {
      if (open >= MOST) await new Promise<void>((resolve) => waiting.push(resolve));
      else open++;
      try {
        const channel = await retryRefused(() => exec(link, command, deadline));
        channel.once('close', leave);
        return channel;
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}

/**
 * A server counts a channel until it has reaped the process that ran there, some time after both sides have closed
 * it. A refusal may therefore count channels that are already closed.
 */
async function retryRefused(start: () => Promise<ClientChannel>): Promise<ClientChannel> {
  for (const pause of REFUSED_PAUSES) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await wait(pause);
    }
  }
  return start().catch((error: unknown) => {
    throw error instanceof Refused ? error.cause : error;
  });
}

/** The server is reachable but refuses to open a channel. */
class Refused extends Error {}

function exec(link: Link, command: string, deadline: number): Promise<ClientChannel> {
  const { client, target } = link;
  return new Promise((resolve, reject) => {
    // On a half-open connection no answer ever arrives, and a channel that opens too late would have no owner.
    const late = setTimeout(() => {
      link.cut();
      reject(
        unreachable({
          place: target.place,
          what: `${endpoint(target)} opened no channel within ${deadline / 1000} s`,
          todo: 'check whether the host is overloaded or the network connection to it is down',
        }),
      );
    }, deadline);
    const answer = (error: Error | undefined, channel?: ClientChannel) => {
      clearTimeout(late);
      if (channel && !error) {
        // A failed write also ends the channel, and that is handled.
        channel.on('error', () => undefined);
        return resolve(channel);
      }
      if (link.ended() !== undefined) return reject(lost(link, 'the connection was lost'));
      const cause = unreachable({
        place: target.place,
        what: `${endpoint(target)} does not allow a command to start`,
        ...(error ? { why: error.message } : {}),
        todo: 'check MaxSessions and ForceCommand in sshd_config, and the user’s login shell',
      });
      reject(new Refused(cause.message, { cause }));
    };
    try {
      client.exec(command, answer);
    } catch (error) {
      answer(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
