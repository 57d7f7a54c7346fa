import t from 'tap';
import { requireSeries } from './programs.ts';
import { series } from './versions.ts';

t.test('further versions are of the release series that the lab builds', async (t) => {
  t.doesNotThrow(() => requireSeries([`${series}.3`, `${series}.1`]));
  for (const wrong of [`v${series}.1`, series, '1.35.1'])
    t.throws(() => requireSeries([`${series}.3`, wrong]), {
      kind: 'input',
      message: `THEAPP_LAB_KUBERNETES: expected versions of Kubernetes ${series}, such as ${series}.1, found "${wrong}"`,
    });
});
