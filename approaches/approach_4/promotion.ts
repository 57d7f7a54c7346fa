import { type Context, failure, type Host, ProvisionError } from '../../provision/index.ts';
import { theRelease } from '../release/build.ts';
import { type Running, runningIn, shown } from './releases.ts';
import { type Environment, rollOut } from './rollout.ts';

type Work = Context<string, Environment> & { readonly from: Environment; readonly to: Environment };

/**
 * Rolls exactly the release that runs in one environment out in another: the same image, by its digest. The charts, the
 * values and the secrets are those of this checkout.
 *
 * @throws ProvisionError (failed) if that release should not be promoted
 */
export async function promote(work: Work, home: Host): Promise<void> {
  const { from, to, say, confirm } = work;
  const release = await runningIn(work, home, from);
  const before = await runningIn(work, home, to);
  say(`${from} runs ${shown(release)}`);
  say(`${to} runs ${shown(before)}`);
  const { image, version } = await fit(work, release);
  if (before?.image === image && !before.changed && before.failed === undefined) {
    say(`nothing to promote: ${to} already runs this release`);
    return;
  }
  await verifySource(work);
  await confirm(`promote ${version} to ${to}?`);
  await rollOut(work, home, { environment: to, app_image: image, version });
}

/** Returns the release if it may be promoted. After an update has failed, it may only if it is also that of this checkout. */
async function fit({ from, artefact }: Work, release: Running | undefined): Promise<Running> {
  const deploy = `npm run deploy -- approach_4 ${from}`;
  if (!release)
    throw failure({ place: from, what: 'nothing was promoted', why: 'no release runs there', todo: deploy });
  if (release.changed)
    throw failure({
      place: from,
      what: 'nothing was promoted',
      why: 'somebody has changed the image of its Deployment since it was deployed',
      todo: `${deploy} deploys the release of this checkout`,
    });
  if (release.failed === undefined || (await artefact(theRelease)).version === release.version)
    return release;
  throw failure({
    place: from,
    what: 'nothing was promoted',
    why: 'its last update failed',
    said: release.failed,
    todo: `deploy a release that works: ${deploy}; or, to promote ${release.version}, check out its commit first`,
  });
}

async function verifySource({ from, verify }: Work): Promise<void> {
  try {
    await verify(from);
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    const { what, why, place, todo } = error.parts;
    throw failure(
      {
        place: from,
        what: 'nothing was promoted',
        why: [place, what, why].filter(Boolean).join(': '),
        todo: `see why it does not answer (${todo}), or deploy a release that works: npm run deploy -- approach_4 ${from}`,
      },
      error,
    );
  }
}
