-- Names differ by case and accent: a _bin collation compares code points.
CREATE TABLE IF NOT EXISTS birthdays (
  username VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  date_of_birth DATE NOT NULL
) CHARACTER SET utf8mb4;
