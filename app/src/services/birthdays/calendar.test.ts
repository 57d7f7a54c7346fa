import t from 'tap';
import { type Day, dayIn, daysUntilBirthday, isTimeZone } from './calendar.ts';

t.test('days until the birthday', async (t) => {
  const cases: [born: Day, today: Day, days: number][] = [
    ['1990-11-21', '2026-11-21', 0],
    ['1990-11-22', '2026-11-21', 1],
    ['1990-11-20', '2026-11-21', 364],
    ['1990-01-01', '2026-12-31', 1],
    ['1990-12-31', '2026-01-01', 364],
    // 29 February lies in between.
    ['1990-03-01', '2027-03-02', 365],
    ['1990-03-01', '2028-02-28', 2],
    ['1990-03-01', '2027-02-28', 1],
    ['1990-12-31', '2028-01-01', 365],
    ['1990-01-01', '2028-01-02', 365],
    // Born on 29 February.
    ['2000-02-29', '2028-02-29', 0],
    ['2000-02-29', '2028-03-01', 365],
    ['2000-02-29', '2027-02-28', 1],
    ['2000-02-29', '2027-03-01', 0],
    ['2000-02-29', '2027-03-02', 364],
    ['2000-02-29', '2100-02-28', 1],
    ['2000-02-29', '2100-03-01', 0],
    ['2000-02-29', '2000-02-28', 1],
    // Changes of daylight saving time (Europe, 2026-03-29 and 2026-10-25).
    ['1990-03-30', '2026-03-28', 2],
    ['1990-10-26', '2026-10-24', 2],
    ['1000-01-01', '9999-12-31', 1],
  ];
  for (const [born, today, days] of cases)
    t.equal(daysUntilBirthday(born, today), days, `born ${born}, today ${today}`);
});

t.test('the date in a time zone', async (t) => {
  const cases: [zone: string, moment: string, day: Day][] = [
    ['UTC', '2026-11-21T00:00:00Z', '2026-11-21'],
    ['UTC', '2026-11-21T23:59:59.999Z', '2026-11-21'],
    // On either side of the date line the dates differ by two days for two hours.
    ['Pacific/Kiritimati', '2026-11-21T10:30:00Z', '2026-11-22'],
    ['Etc/GMT+12', '2026-11-21T10:30:00Z', '2026-11-20'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2027-01-01'],
    ['Pacific/Pago_Pago', '2028-03-01T10:59:59Z', '2028-02-29'],
    ['Pacific/Pago_Pago', '2027-03-01T10:59:59Z', '2027-02-28'],
    ['Asia/Kathmandu', '2026-11-21T18:14:59Z', '2026-11-21'],
    ['Asia/Kathmandu', '2026-11-21T18:15:00Z', '2026-11-22'],
    // Midnight with and without daylight saving time.
    ['Europe/Madrid', '2026-07-01T22:00:00Z', '2026-07-02'],
    ['Europe/Madrid', '2026-12-01T22:00:00Z', '2026-12-01'],
    ['europe/madrid', '2026-12-01T23:00:00Z', '2026-12-02'],
    ['America/Argentina/Buenos_Aires', '2026-11-21T02:59:59Z', '2026-11-20'],
  ];
  for (const [zone, moment, day] of cases)
    t.equal(dayIn(zone, new Date(moment)), day, `${moment} in ${zone}`);
});

t.test('names of time zones', async (t) => {
  const zones = ['UTC', 'utc', 'Europe/Madrid', 'EUROPE/madrid', 'Etc/GMT+12', 'America/Indiana/Knox'];
  const others = ['', 'Z', 'Europe', 'Europe/Atlantis', 'Europe/Madrid ', '../UTC', 'localtime', '\0'];
  for (const zone of zones) t.equal(isTimeZone(zone), true, zone);
  for (const zone of others) t.equal(isTimeZone(zone), false, JSON.stringify(zone));
});
