import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../../provision/authoring.ts';
import { absent, command, lines, role, type Script, sh } from '../../provision/index.ts';
import { type Peer, vars } from './vars.ts';

/** Files in which a node records the nodes that it has reached: first the round, then lines of `name address`. */
export const MARKERS = '/var/lib/provision/preflight';
export const markerOf = (over: 'ports' | 'overlay') => `${MARKERS}/${over}`;

const NAME = 'theapp-preflight';
const ENCRYPTED = `${NAME}-encrypted`;
const program = readFileSync(join(import.meta.dirname, 'preflight.pl'), 'utf8');

/** Tests the connections between all pairs of nodes, on all nodes at the same time. */
export const preflight = role({
  folder: import.meta.dirname,
  vars,
  tasks: ({ vars, host }) => {
    const { over, peers, round, networks, encrypted, seconds } = vars;
    const links = encrypted ? (['plain', 'encrypted'] as const) : (['plain'] as const);
    if (networks !== null) return [networks ? networksMade(links) : networksGone];
    const most = over === 'ports' ? seconds : 3 * seconds;
    const run =
      over === 'ports'
        ? ports(host.name, peers, `${round}`, most)
        : overlay(host.name, peers, `${round}`, most, links);
    return [proven(over, peers, round, run, most)];
  },
  remove: () => [absent(MARKERS)],
});

/** The marker of this round exists: the test has passed. */
function proven(
  over: 'ports' | 'overlay',
  peers: readonly Peer[],
  round: string | null,
  run: Script,
  seconds: number,
): Resource<string> {
  const marker = markerOf(over);
  const content = [`${round}`, ...peers.map(lineOf), ''].join('\n');
  return {
    kind: 'preflight',
    name: over,
    probe: { script: sh`cat ${marker} 2>/dev/null || :`, read: ({ stdout }) => stdout.split('\n')[0] ?? '' },
    plan: (now) => {
      if (round === null || now === round) return [];
      const script = sh`${run}
mkdir -p ${MARKERS}
printf %s ${content} >${marker}`;
      return [{ summary: `test TCP and UDP between ${peers.map(({ name }) => name).join(', ')}`, script }];
    },
    timeout: 2 * seconds + 240,
  };
}

export const lineOf = ({ name, address }: Pick<Peer, 'name' | 'address'>) => `${name} ${address}`;

const advice = (words: string) => sh`{ echo ${words} >&2; exit 1; }`;

/** 2377/tcp to managers, 7946/tcp and 7946/udp and 4789/udp to all. */
function ports(self: string, peers: readonly Peer[], round: string, seconds: number): Script {
  const words = peers
    .filter(({ name }) => name !== self)
    .flatMap(({ name, address, manager }) => [
      `peer=${name}=${address}`,
      `tcp=7946@${name}`,
      ...(manager ? [`tcp=2377@${name}`] : []),
      `udp=7946@${name}`,
      `udp=4789@${name}`,
    ]);
  const managing = peers.some(({ name, manager }) => name === self && manager);
  const all = [round, seconds, self, 'listen=7946', ...(managing ? ['listen=2377'] : []), ...words];
  return sh`printf %s ${program} | perl - ${all} || ${advice(
    'the nodes must reach each other on 2377/tcp (managers only), 7946/tcp, 7946/udp and 4789/udp: check firewalls and routes',
  )}`;
}

/**
 * Over an overlay network and over an encrypted one, from a container that only contains the machine's own /usr, so that
 * no image has to be pulled. Names are resolved by Docker's DNS, and packets of 1,400 bytes must get through.
 */
function overlay(
  self: string,
  peers: readonly Peer[],
  round: string,
  seconds: number,
  links: readonly Link[],
): Script {
  const words = peers
    .filter(({ name }) => name !== self)
    .flatMap(({ name }) =>
      links.flatMap((link) => [
        `peer=${link}/${name}=${aliasOf(link, name)}`,
        `tcp=7000@${link}/${name}`,
        `udp=7000@${link}/${name}`,
        `udp=7000@${link}/${name}+1400`,
      ]),
    );
  const connect = links
    .filter((link) => link !== 'plain')
    .map((link) => sh`docker network connect --alias ${aliasOf(link, self)} ${networkOf(link)} ${NAME}`);
  return sh`docker rm --force ${NAME} >/dev/null 2>&1 || :
root=$(mktemp -d)
gone() { rm -rf "$root"; docker rm --force ${NAME} >/dev/null 2>&1; docker image rm ${NAME} >/dev/null 2>&1; }
trap gone EXIT
mkdir "$root/usr"
for one in bin lib lib64 sbin; do ln -s "usr/$one" "$root/$one"; done
tar -C "$root" -c . | docker import - ${NAME} >/dev/null
docker create --interactive --name ${NAME} --network ${NAME} --network-alias ${aliasOf('plain', self)} --volume /usr:/usr:ro ${NAME} /usr/bin/perl - ${[round, seconds, self, 'listen=7000', ...words]} >/dev/null
${lines(connect)}
i=0 r=1
# A busy manager may create the network too late: retry all exit codes except 3, which is the program's own.
while [ $r != 0 ] && [ $r != 3 ] && [ $i -lt 5 ]; do
r=0 i=$((i+1))
said=$(printf %s ${program} | docker start --attach --interactive ${NAME} 2>&1) || r=$?
done
[ -z "$said" ] || printf '%s\n' "$said" >&2
[ $r = 0 ] || ${advice(links.includes('encrypted') ? `${carried}; ${doWithout}` : carried)}`;
}

const carried =
  'overlay networks use 4789/udp, encrypted ones ESP (IP protocol 50), and Docker’s DNS 7946/tcp and 7946/udp; if only large packets are lost, the MTU of the underlying network is less than 1,500';
const doWithout =
  'if only the encrypted network fails and the underlying network is trusted, you can turn encryption off in approach_2: -e theapp.encrypted=false';

type Link = 'plain' | 'encrypted';
const aliasOf = (link: Link, name: string) => `${link}-${name}`;
const networkOf = (link: Link) => (link === 'encrypted' ? ENCRYPTED : NAME);

const networksMade = (links: readonly Link[]) =>
  command('create the test networks', {
    unless: sh`docker network inspect ${links.map(networkOf)} >/dev/null 2>&1`,
    run: lines(links.map(networkMade)),
  });

const networkMade = (link: Link) =>
  sh`docker network inspect ${networkOf(link)} >/dev/null 2>&1 || docker network create --driver overlay --attachable ${link === 'encrypted' ? ['--opt', 'encrypted'] : []} ${networkOf(link)} >/dev/null`;

const networksGone = command('remove the test networks', {
  unless: sh`! docker network ls --format '{{.Name}}' | grep -qx -e ${NAME} -e ${ENCRYPTED}`,
  run: sh`for one in ${[NAME, ENCRYPTED]}; do
i=0
until docker network rm "$one" >/dev/null 2>&1 || ! docker network inspect "$one" >/dev/null 2>&1; do
i=$((i+1))
if [ $i -gt 30 ]; then docker network rm "$one" >&2; exit 1; fi
sleep 1
done
done`,
});
