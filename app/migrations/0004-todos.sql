-- form_key is the name of the page that a todo was typed into: sent twice, it is stored once.
CREATE TABLE IF NOT EXISTS todos (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  title VARCHAR(200) NOT NULL,
  text VARCHAR(2000) NOT NULL,
  done BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL,
  form_key CHAR(36) CHARACTER SET ascii COLLATE ascii_bin UNIQUE
) CHARACTER SET utf8mb4;
