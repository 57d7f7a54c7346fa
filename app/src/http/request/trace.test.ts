import t from 'tap';
import { continueTrace, traceparent } from './trace.ts';

const [id, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

t.test('continues a valid traceparent', async (t) => {
  const cases: [string, string][] = [
    [`00-${id}-${span}-01`, '01'],
    [`00-${id}-${span}-00`, '00'],
    [`00-${id}-${span}-03`, '01'],
    [`01-${id}-${span}-01-more`, '01'],
  ];
  for (const [header, flags] of cases) {
    const trace = continueTrace(header);
    if (!trace) throw new Error(`${header} is well formed`);
    t.match(trace, { traceId: id, parentId: span, flags }, header);
    t.not(trace.spanId, span, 'a new span');
    t.equal(traceparent(trace), `00-${id}-${trace.spanId}-${flags}`);
  }
});

t.test('ignores an invalid traceparent', async (t) => {
  const cases = [
    undefined,
    '',
    'x',
    `ff-${id}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${id}-${span}`,
    [`00-${id}-${span}-01`],
  ];
  for (const header of cases) t.equal(continueTrace(header), undefined, String(header));
});

t.test('a thousand requests of a trace get a thousand span ids', async (t) => {
  const spans = Array.from({ length: 1000 }, () => continueTrace(`00-${id}-${span}-01`)?.spanId);
  t.equal(new Set(spans).size, 1000);
});
