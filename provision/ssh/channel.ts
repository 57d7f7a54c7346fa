import { setTimeout as wait } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { unreachable } from '../errors.ts';
import { type Link, lost } from './connect.ts';
import { endpoint } from './target.ts';

/** Channels on one connection: sshd refuses more than 10 (sshd_config, MaxSessions). */
const MOST = 8;
/** How long a server may take to open a channel and start a command, in milliseconds. */
const DEADLINE = 20_000;
/** Milliseconds between tries when a channel is refused. */
const REFUSED_PAUSES = [10, 30, 100, 300, 1000];

/** Starts commands on one connection, each in a channel of its own; more than eight wait for each other. */
export interface Channels {
  /** @throws ProvisionError (unreachable) when the server refuses, the link is dead, or nothing happens in time. */
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
        const channel = await patiently(() => exec(link, command, deadline));
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
 * A server counts a channel until it has buried what ran there, some time after both sides have closed it: a refusal
 * may be about channels that are gone.
 */
async function patiently(start: () => Promise<ClientChannel>): Promise<ClientChannel> {
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

/** The server is there and does not open a channel. */
class Refused extends Error {}

function exec(link: Link, command: string, deadline: number): Promise<ClientChannel> {
  const { client, target } = link;
  return new Promise((resolve, reject) => {
    // On a half-dead link the answer never comes, and what is opened too late has no owner.
    const late = setTimeout(() => {
      link.cut();
      reject(
        unreachable({
          place: target.place,
          what: `${endpoint(target)} opened no channel within ${deadline / 1000} s`,
          todo: 'see whether the host is overloaded or the link to it is dead',
        }),
      );
    }, deadline);
    const answer = (error: Error | undefined, channel?: ClientChannel) => {
      clearTimeout(late);
      if (channel && !error) {
        // What cannot be written any more is heard of as the channel's end.
        channel.on('error', () => undefined);
        return resolve(channel);
      }
      if (link.ended() !== undefined) return reject(lost(link, 'the connection was lost'));
      const cause = unreachable({
        place: target.place,
        what: `${endpoint(target)} lets no command be started`,
        ...(error ? { why: error.message } : {}),
        todo: 'see MaxSessions, ForceCommand and the user’s shell there',
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
