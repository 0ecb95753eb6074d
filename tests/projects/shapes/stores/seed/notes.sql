INSERT INTO notes (text) VALUES ('kept in a file');
