import { exitCodes, explain, ProvisionError } from '../provision/errors.ts';
import { progressOf } from './bench/progress.ts';
import { paths, type ServiceName } from './bench-app/calls.ts';
import { middle, type Sample, shoot } from './bench-app/measure.ts';
import { type Options, parseOptions } from './bench-app/options.ts';
import { table } from './bench-app/report.ts';
import { type Memory, memoryTable, soak } from './bench-app/soak.ts';
import { type Subject, type SubjectName, startWorld, type World } from './bench-app/world.ts';

/** As many as a small nginx keeps open to TheAPP. */
const connections = 20;
/** The part of its saturation at which a server is expected to live. */
const steadily = 0.8;

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
  try {
    for (const service of options.services) print(await measure(service, world, options));
    if (options.soak > 0) await watch(world, options);
  } finally {
    await world.stop();
  }
}

function print(text: string): void {
  clear();
  process.stdout.write(`${text}\n`);
}

/** Round by round, so that what else the computer does falls on all alike. */
async function measure(service: ServiceName, { subjects }: World, options: Options): Promise<string> {
  const { seconds, rounds } = options;
  const load = { paths: [paths[service]], connections, seconds };
  for (const subject of rounds > 1 ? subjects : []) {
    tell(service, `warming ${subject.name}`);
    await shoot(subject, { ...load, seconds: 2 }, signal);
  }
  const saturated = await inTurn(subjects, rounds, (subject, round) => {
    tell(service, `${subject.name}, round ${round}`);
    return shoot(subject, load, signal);
  });
  const compared = subjects.filter(({ name }) => name === 'theapp' || name === 'hapi');
  const steady = await inTurn(compared, rounds, (subject, round) => {
    tell(service, `${subject.name} at 80 %, round ${round}`);
    const rate = steadily * (saturated.get(subject.name)?.perSecond ?? 0);
    return shoot(subject, { ...load, rate }, signal);
  });
  return table({ service, saturated, steady });
}

async function inTurn(
  subjects: readonly Subject[],
  rounds: number,
  one: (subject: Subject, round: number) => Promise<Sample>,
): Promise<Map<SubjectName, Sample>> {
  const samples = new Map<SubjectName, Sample[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const subject of subjects) {
      const before = samples.get(subject.name) ?? [];
      samples.set(subject.name, [...before, await one(subject, round)]);
    }
  }
  return new Map([...samples].map(([name, all]) => [name, middle(all)]));
}

/** All services in turn, at 80 % of what TheAPP can do of the mixture. */
async function watch(
  { subjects: [theapp] }: World,
  { services, soak: minutes, seconds }: Options,
): Promise<void> {
  if (!theapp) throw new RangeError('nobody to watch');
  const mixture = services.map((service) => paths[service]);
  tell('soak', 'how fast all services together can be');
  const { perSecond } = await shoot(theapp, { paths: mixture, connections, seconds }, signal);
  const rate = Math.round(perSecond * steadily);
  tell('soak', `${minutes} minutes at ${rate} requests/s`);
  const show = (seen: readonly Memory[]) => print(memoryTable(seen));
  await soak(theapp, mixture, { rate, minutes, connections, signal, tell: show });
}
