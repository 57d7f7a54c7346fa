import { type Context, type Facts, failure, type Host } from '../../provision/index.ts';

type Work = Pick<Context<string>, 'remaining' | 'facts' | 'warn'>;

/**
 * Decides whether the network between the machines is encrypted, when nobody has set `theapp.encrypted`. It is, unless
 * the machines are containers of the docker provider and their kernel has no IPsec; then a warning says so. Asks the
 * hosts that the run still reaches; a host that fails now leaves the run.
 *
 * @throws ProvisionError (failed) for any other machine without IPsec
 */
export async function encryption(work: Work, hosts: readonly Host[]): Promise<boolean> {
  const facts = await Promise.all(work.remaining(hosts).map((host) => factsOf(work, host)));
  const lacking = facts.flat().filter(({ ipsec }) => ipsec.has === 'no');
  const others = lacking.filter(({ host }) => host.container !== true);
  if (others.length > 0) throw refused(others);
  const [first] = lacking;
  if (first) work.warn(plain(first));
  return first === undefined;
}

interface Asked extends Pick<Facts, 'ipsec'> {
  readonly host: Host;
}

async function factsOf(work: Work, host: Host): Promise<Asked[]> {
  try {
    return [{ host, ipsec: (await work.facts(host)).ipsec }];
  } catch (error) {
    if (work.remaining([host]).length > 0) throw error;
    return [];
  }
}

const refused = (lacking: readonly Asked[]) =>
  failure({
    place: lacking.map(({ host }) => host.name).join(', '),
    what: 'the kernel has no IPsec, which encrypts the network between the machines',
    why: [...new Set(lacking.map(({ ipsec }) => ipsec.seen))].join('; '),
    todo: 'use a kernel with ESP, or leave the network unencrypted if it is trusted: -e theapp.encrypted=false',
  });

const plain = ({ ipsec }: Asked) =>
  `the network between these containers is not encrypted, because their kernel has no IPsec (${ipsec.seen}); to require encryption: -e theapp.encrypted=true`;
