import t from 'tap';
import { versionOf, whyNot } from './upgrade.ts';

t.test('the version that a cluster gets', async (t) => {
  t.match(versionOf([]), /^1\.\d+\.\d+$/, 'the default of the role');
  const words = ['-e', 'kubernetes.version=1.36.1', '-e', 'kubernetes.version=1.36.4', '-e', 'theapp.x=1'];
  t.equal(versionOf(words), '1.36.4', 'the last option counts');
});

t.test('the clusters that can be upgraded under load', async (t) => {
  t.equal(whyNot(['1.36.1', '1.36.3'], '1.36.3'), undefined);
  t.equal(whyNot(['1.36.3', '1.36.3'], '1.36.3'), 'the cluster has version 1.36.3 already');
  t.match(whyNot(['1.36.3', '1.35.9'], '1.36.3'), /from 1\.35\.9 to 1\.36\.3 also moves the pods/);
});
