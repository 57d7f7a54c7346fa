import { exitCodes, explain, ProvisionError } from '../provision/errors.ts';
import { progressOf } from './bench/progress.ts';
import { paths, type ServiceName } from './bench-app/calls.ts';
import { type Sample, type Shoot, startLoader } from './bench-app/measure.ts';
import { type Options, parseOptions } from './bench-app/options.ts';
import { more, type Round, table } from './bench-app/report.ts';
import { type Memory, memoryTable, soak } from './bench-app/soak.ts';
import { type SubjectName, startWorld, type World } from './bench-app/world.ts';

/** As many as a small nginx keeps open to TheAPP. */
const connections = 20;
/** The part of its saturation at which a server is expected to live. */
const steadily = 0.8;
/** Seconds until V8 has compiled what runs most. */
const warmth = 5;
/** Who is asked at that. */
const calmly: ReadonlySet<SubjectName> = new Set(['theapp', 'hapi', 'node:http']);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
const { signal } = stop;
const { tell, clear } = progressOf(process.stderr);

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await bench(options);
} catch (error) {
  clear();
  if (!signal.aborted) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = signal.aborted ? 130 : error instanceof ProvisionError ? exitCodes[error.kind] : 1;
}

async function bench(options: Options): Promise<void> {
  tell('bench', 'starting MariaDB, Redis, Memcached, TheAPP and its peers');
  const world = await startWorld(options.services, signal);
  const loader = startLoader(signal);
  try {
    for (const service of options.services) print(await measure(service, world, loader.shoot, options));
    print(more);
    if (options.soak > 0) await watch(world, loader.shoot, options);
  } finally {
    await Promise.all([loader.stop(), world.stop()]);
  }
}

function print(text: string): void {
  clear();
  process.stdout.write(`${text}\n`);
}

/**
 * Round by round, so that what else the computer does falls on all alike. How fast a server can be changes with it,
 * so 80 % is that of what the server did a moment before.
 */
async function measure(
  service: ServiceName,
  { subjects }: World,
  shoot: Shoot,
  { seconds, rounds }: Options,
): Promise<string> {
  const load = { paths: [paths[service]], connections, seconds };
  for (const subject of rounds > 1 ? subjects : []) {
    tell(service, `warming ${subject.name}`);
    await shoot(subject, { ...load, seconds: warmth });
  }
  const [saturated, steady]: [Round[], Round[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    const [most, calm] = [new Map<SubjectName, Sample>(), new Map<SubjectName, Sample>()];
    for (const subject of inTurn(subjects, round)) {
      const { name } = subject;
      tell(service, `${name}, round ${round} of ${rounds}`);
      const sample = await shoot(subject, load);
      most.set(name, sample);
      if (calmly.has(name))
        calm.set(name, await shoot(subject, { ...load, rate: steadily * sample.perSecond }));
    }
    saturated.push(most);
    steady.push(calm);
  }
  return table({ service, saturated, steady });
}

/** Each round begins with another: what went before one changes how fast it is. */
function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = round % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

/** All services in turn, at 80 % of what TheAPP can do of the mixture. */
async function watch(
  { subjects: [theapp] }: World,
  shoot: Shoot,
  { services, soak: minutes }: Options,
): Promise<void> {
  if (!theapp) throw new RangeError('nobody to watch');
  const mixture = services.map((service) => paths[service]);
  tell('soak', 'how fast all services together can be');
  const { perSecond } = await shoot(theapp, { paths: mixture, connections, seconds: 5 });
  const rate = Math.round(perSecond * steadily);
  tell('soak', `${minutes} minutes at ${rate} requests/s`);
  const show = (seen: readonly Memory[]) => print(memoryTable(seen));
  await soak(theapp, mixture, { shoot, rate, minutes, connections, signal, tell: show });
}
