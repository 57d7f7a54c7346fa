-- A CHECK and not an ENUM: it is enforced whatever the sql_mode (MySQL 8.0.16, MariaDB 10.2 and later). With a _bin
-- collation 'electrico' and 'Fuego' are other types, but for = and IN blanks at the end are no matter: hence LIKE.
CREATE TABLE IF NOT EXISTS pokemon (
  name VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  type VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  CONSTRAINT pokemon_type
    CHECK (type IN ('fuego', 'agua', 'eléctrico', 'hada', 'planta', 'fantasma', 'lucha', 'roca') AND type NOT LIKE '% ')
) CHARACTER SET utf8mb4;

INSERT IGNORE INTO pokemon (name, type) VALUES
  ('charmander', 'fuego'),
  ('vulpix', 'fuego'),
  ('growlithe', 'fuego'),
  ('squirtle', 'agua'),
  ('psyduck', 'agua'),
  ('magikarp', 'agua'),
  ('pikachu', 'eléctrico'),
  ('voltorb', 'eléctrico'),
  ('jolteon', 'eléctrico'),
  ('clefairy', 'hada'),
  ('togepi', 'hada'),
  ('sylveon', 'hada'),
  ('bulbasaur', 'planta'),
  ('oddish', 'planta'),
  ('tangela', 'planta'),
  ('gastly', 'fantasma'),
  ('misdreavus', 'fantasma'),
  ('duskull', 'fantasma'),
  ('mankey', 'lucha'),
  ('machop', 'lucha'),
  ('hitmonlee', 'lucha'),
  ('geodude', 'roca'),
  ('onix', 'roca'),
  ('sudowoodo', 'roca');
