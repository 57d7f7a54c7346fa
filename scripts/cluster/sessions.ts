import { explain, failure, type Host, type Script, unreachable } from '../../provision/index.ts';
import type { Reply, Request, Session } from '../../provision/shell/exchange.ts';
import { openSession } from '../../provision/ssh/open.ts';

/** Seconds to wait for a connection; an emulated machine may be slow to answer. */
const CONNECT = 30;
/** Deadline of one answer in seconds: a machine without power does not close its connections. */
const DEADLINE_SECONDS = 60;

/** Sessions with hosts, opened on demand and reopened after they were lost. */
export interface Sessions {
  /** Runs read-only scripts in one round trip; their outputs. @throws ProvisionError (unreachable) */
  read(host: Host, scripts: readonly Script[]): Promise<readonly string[]>;
  /** Runs a script that changes something; its output. @throws ProvisionError with its stderr */
  run(host: Host, script: Script, seconds?: number): Promise<string>;
  close(): Promise<void>;
}

export function newSessions(): Sessions {
  const open = new Map<string, Promise<Session>>();
  const ends = new AbortController();
  const options = {
    sudo: {},
    connectSeconds: CONNECT,
    progress: () => undefined,
    signal: ends.signal,
    retry: false,
  };
  const drop = (name: string) => {
    const session = open.get(name);
    open.delete(name);
    session?.then((session) => session.abort()).catch(() => undefined);
  };
  /** A session handles one exchange at a time: others wait for their turn. */
  const turns = new Map<string, Promise<unknown>>();
  const exchange = (host: Host, request: Request, seconds: number): Promise<Reply> => {
    const before = turns.get(host.name) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => exchangeNow(host, request, seconds));
    turns.set(host.name, turn);
    return turn;
  };
  const exchangeNow = async (host: Host, request: Request, seconds: number): Promise<Reply> => {
    const session = open.get(host.name) ?? openSession(host, options);
    open.set(host.name, session);
    const late = Promise.withResolvers<never>();
    const why = { place: host.name, what: `did not answer within ${seconds} s` };
    const timer = setTimeout(() => late.reject(unreachable(why)), seconds * 1000);
    try {
      return await Promise.race([session.then((session) => session.exchange(request)), late.promise]);
    } catch (error) {
      drop(host.name);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async read(host, scripts) {
      const { probes, broken } = await exchange(host, { steps: [], probes: scripts }, DEADLINE_SECONDS);
      if (broken)
        throw failure({ place: host.name, what: 'the cluster could not be probed', said: broken.stderr });
      return probes.map(({ code, stdout, stderr }) => {
        if (code === 0) return stdout;
        throw failure({
          place: host.name,
          what: 'the cluster could not be probed',
          why: `exit code ${code}`,
          said: stderr,
        });
      });
    },
    async run(host, script, seconds = 120) {
      const { steps } = await exchange(
        host,
        { steps: [{ script, timeout: seconds }], probes: [] },
        seconds + 30,
      );
      const [seen] = steps;
      if (seen?.code === 0) return seen.stdout;
      throw failure({
        place: host.name,
        what: 'the command failed',
        why: seen?.code === 124 ? `it did not finish within ${seconds} s` : `exit code ${seen?.code}`,
        said: `${seen?.stdout}${seen?.stderr}`,
      });
    },
    async close() {
      ends.abort();
      await Promise.all(
        [...open.values()].map((session) => session.then((one) => one.close()).catch(() => undefined)),
      );
      open.clear();
    },
  };
}

/** An error in one line. */
export function summaryOf(error: unknown): string {
  const [first = '', second] = explain(error)
    .split('\n')
    .map((line) => line.trim());
  if (second === undefined) return first;
  return second.startsWith('→') ? `${first} ${second}` : `${first}: ${second}`;
}
